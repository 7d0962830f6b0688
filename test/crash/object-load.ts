// The load below the API: clients that change and read the same keys over S3 at once, each going its way of the seed.
// A client that gets no answer only reads until it gets one: every answer it then gets has to be right, too.
import { setTimeout as delay } from 'node:timers/promises';
import { randomOf } from '../model/random.ts';
import { type Held, put } from '../model/register.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Doing, fixedWriter, objectKeys, perform, settingKey } from './object-actions.ts';
import { createBodies } from './object-bodies.ts';
import { createObjectClient, type Reply } from './object-client.ts';
import { createObjectLedger, type ObjectLedger } from './object-ledger.ts';
import { type Action, fixedKeys, planAction, planProbe, settings } from './object-plan.ts';

export interface ObjectLoad {
  readonly ledger: ObjectLedger;
  /** Makes the bucket and what never changes in it. */
  prepare(): Promise<void>;
  /** Changes and reads until `isOver`; resolves when the last request has ended. */
  run(cycle: number, options: { readonly isOver: () => boolean; onAcknowledged(): void }): Promise<void>;
  /** Reads the keys that were changed (or all), while nothing else is under way, and judges all answers. */
  compare(which: 'changed' | 'all'): Promise<void>;
  /** Answered changes and reads, by kind of action. */
  readonly answered: ReadonlyMap<string, number>;
  readonly unanswered: ReadonlyMap<string, number>;
  /** Answers that S3 never gives to such a request. */
  takeWrong(): readonly string[];
  close(): void;
}

/** Only one client asks all the time while nothing is answered; the others wait for its answer, or so long. */
const askEveryMs = 40;
const askAtLeastEveryMs = 700;
const readers = 8;

export function createObjectLoad(
  s3Url: string,
  { seed, clients, historyFile }: { readonly seed: number; readonly clients: number; readonly historyFile: string },
): ObjectLoad {
  const client = createObjectClient(s3Url, 'crash-objects');
  const bodies = createBodies();
  const ledger = createObjectLedger(bodies, historyFile);
  const answered = new Map<string, number>();
  const unanswered = new Map<string, number>();
  const wrong: string[] = [];
  const doing = (labels: readonly (string | number)[], action: Action): Doing => ({
    client,
    ledger,
    bodies,
    random: randomOf(seed, 'detail', ...labels),
    who: `cycle ${labels[0]} client ${labels[1]}`,
    id: `s${seed}-${labels.join('-')}`,
    onWrong: (what) => void wrong.push(`${action.kind}: ${what}`),
  });
  const held = async (key: string): Promise<Held> => {
    if (settings.some((setting) => settingKey(setting) === key)) return heldSetting(key);
    const shown = await certain(`${key} to be answered`, () => client.get(key));
    if (shown === null) return null;
    ledger.check(key, shown);
    const tags = await certain(`the tags of ${key} to be answered`, () => client.readTags(key));
    return { writer: shown.writer, tags: tags ?? '' };
  };
  const heldSetting = async (key: string): Promise<Held> => {
    const setting = key === settingKey('cors') ? 'cors' : 'tagging';
    const writer = await certain(`?${setting} to be answered`, () => client.readSetting(setting));
    return writer === null ? null : { writer, tags: '' };
  };

  return {
    ledger,
    answered,
    unanswered,
    takeWrong: () => wrong.splice(0),
    async prepare() {
      await certain('the bucket to be made', () => client.createBucket());
      for (const key of fixedKeys) {
        const writer = fixedWriter(key);
        const body = bodies.make(writer, [30_000], false);
        ledger.expect(key, writer, { body, etag: body.etag });
        const open = ledger.begin(key, 'at the start', `put ${writer}`);
        await certain(`${key} to be put`, () => client.put(key, writer, { body }));
        open.answered({ step: put(writer, writer), text: 'done' });
      }
    },
    async run(cycle, { isOver, onAcknowledged }) {
      let back = Promise.withResolvers<void>();
      const one = async (_: unknown, lane: number): Promise<void> => {
        let isDown = false;
        for (let round = 0; !isOver(); round++) {
          const random = randomOf(seed, 'object', cycle, lane, round);
          const action: Action = isDown ? planProbe(random) : planAction(random);
          isDown = !(await perform(doing([cycle, lane, round], action), action));
          const counts = isDown ? unanswered : answered;
          counts.set(action.kind, (counts.get(action.kind) ?? 0) + 1);
          if (isDown && lane === 0) await delay(askEveryMs);
          else if (isDown) await within(askAtLeastEveryMs, back.promise);
          else {
            onAcknowledged();
            back.resolve();
            back = Promise.withResolvers();
          }
        }
      };
      await Promise.all(Array.from({ length: clients }, one));
    },
    async compare(which) {
      const all = [...objectKeys, ...settings.map(settingKey)];
      const changed = new Set(ledger.changed());
      const keys = all.filter((key) => which === 'all' || changed.has(key)).values();
      const reader = async (): Promise<void> => {
        for (const key of keys) ledger.judge(key, await held(key));
      };
      await Promise.all(Array.from({ length: readers }, reader));
      for (const key of all) ledger.judge(key, undefined);
    },
    close: () => client.close(),
  };
}

async function within(ms: number, event: Promise<void>): Promise<void> {
  const ended = new AbortController();
  await Promise.race([event, delay(ms, undefined, { signal: ended.signal }).catch(() => {})]);
  ended.abort();
}

/** Asks until there is an answer; null for absence. @throws Error on any other refusal */
async function certain<T>(what: string, ask: () => Promise<Reply<T>>): Promise<T | null> {
  return waitFor(
    what,
    async () => {
      const reply = await ask();
      if (reply.kind === 'done') return { value: reply.value };
      if (reply.kind === 'refused' && reply.status === 404 && reply.code !== 'NoSuchBucket') return { value: null };
      return undefined;
    },
    { timeoutMs: 180_000 },
  ).then(({ value }) => value);
}
