// An emulator behind a front that a test can have hold requests back, or answer them itself. As with the emulator alone,
// no connection outlives a kill.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EmulatorKind } from './emulator.ts';

export interface Holdable {
  readonly kind: EmulatorKind;
  /** `METHOD /path` of all that came, in order. */
  readonly seen: readonly string[];
  /** How many requests are held now. */
  readonly heldCount: number;
  /** From now on holds requests whose `METHOD /path` fits, until `release`. */
  hold(fits: RegExp): void;
  /** Answers requests that fit with a status of 500. */
  fail(fits: RegExp): void;
  /** Answers the next request that fits with this status, its body read. */
  refuseNext(fits: RegExp, status: number): void;
  /** Answers GETs that fit with the head alone, on a connection that stays open. */
  starve(fits: RegExp): void;
  /** Adds a header to the answers of requests that fit. */
  tellMore(fits: RegExp): void;
  /** Lets go of all that is held, and holds, fails, starves and adds no more. */
  release(): void;
}

export function holdable(base: EmulatorKind): Holdable {
  const seen: string[] = [];
  const never = /^$/;
  let [heldOnes, failing, starving, talkative] = [never, never, never, never];
  let refusal: { readonly fits: RegExp; readonly status: number } | undefined;
  let released = Promise.withResolvers<void>();
  let heldCount = 0;
  const serve = async (emulatorUrl: string, req: http.IncomingMessage, res: http.ServerResponse): Promise<void> => {
    const line = `${req.method} ${req.url}`;
    seen.push(line);
    if (failing.test(line)) {
      req.resume();
      res.writeHead(500).end();
      return;
    }
    if (refusal?.fits.test(line)) {
      res.statusCode = refusal.status;
      refusal = undefined;
      req.resume();
      req.on('end', () => res.end());
      return;
    }
    if (heldOnes.test(line)) {
      heldCount += 1;
      await released.promise;
      heldCount -= 1;
    }
    const more = talkative.test(line) ? ['x-amz-storage-class', 'STANDARD'] : [];
    if (!res.destroyed) pass(emulatorUrl, { req, res, more, isStarved: req.method === 'GET' && starving.test(line) });
  };
  return {
    seen,
    get heldCount() {
      return heldCount;
    },
    hold(fits) {
      heldOnes = fits;
    },
    fail(fits) {
      failing = fits;
    },
    refuseNext(fits, status) {
      refusal = { fits, status };
    },
    starve(fits) {
      starving = fits;
    },
    tellMore(fits) {
      talkative = fits;
    },
    release() {
      [heldOnes, failing, starving, talkative] = [never, never, never, never];
      released.resolve();
      released = Promise.withResolvers();
    },
    kind: {
      ...base,
      async create(folder) {
        const emulator = await base.create(folder);
        const front = http.createServer((req, res) => void serve(emulator.url, req, res));
        await once(front.listen(0, '127.0.0.1'), 'listening');
        return {
          ...emulator,
          url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
          async kill() {
            await emulator.kill();
            front.closeAllConnections();
          },
          stop() {
            front.close();
            front.closeAllConnections();
            return emulator.stop();
          },
        };
      },
    },
  };
}

interface Passing {
  readonly req: http.IncomingMessage;
  readonly res: http.ServerResponse;
  readonly more: readonly string[];
  readonly isStarved: boolean;
}

function pass(emulatorUrl: string, { req, res, more, isStarved }: Passing): void {
  const { method, url, rawHeaders } = req;
  const onward = http.request(emulatorUrl, { method, path: url, headers: rawHeaders, agent: false }, (answer) => {
    res.writeHead(answer.statusCode ?? 500, [...answer.rawHeaders, ...more]);
    if (isStarved) res.flushHeaders();
    else answer.pipe(res);
  });
  onward.on('error', () => res.destroy());
  res.on('close', () => onward.destroy());
  req.pipe(onward);
}
