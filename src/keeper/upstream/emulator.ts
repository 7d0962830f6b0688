// The emulator as the rooms above see it: a way to it, the gate that says when its answers count, and calls of our own.
import type { IncomingMessage } from 'node:http';
import { KeepsakeError } from '../../shared/errors.ts';
import { isErrorBody } from '../s3/errors.ts';
import { type Answer, createEmulatorClient, type EmulatorClient } from './client.ts';
import type { Gate } from './gate.ts';
import { collect, type Upstream } from './send.ts';

// A PUT of a large object may take an emulator long.
const callTimeoutMs = 120_000;

export interface Emulator {
  readonly upstream: Upstream;
  readonly gate: Gate;
  /** Calls of the keeper's own. Their answers are believed only in the session of `epoch`. */
  clientFor(epoch: number): EmulatorClient;
}

export function createEmulator(upstream: Upstream, gate: Gate): Emulator {
  return {
    upstream,
    gate,
    clientFor: (epoch) =>
      createEmulatorClient(upstream, {
        timeoutMs: callTimeoutMs,
        hasSubResources: gate.session?.hasSubResources ?? false,
        believe: async (response) => gate.believe(response, epoch),
      }),
  };
}

/** Calls for a recovery. The gate is closed, and checks the session before and after all of them. */
export function recoveryClient(upstream: Upstream, hasSubResources: boolean): EmulatorClient {
  return createEmulatorClient(upstream, { timeoutMs: callTimeoutMs, hasSubResources });
}

/**
 * Returns the answer when it is a success. S3 may begin a 200 and end it with an error, so the body is read too.
 * @throws KeepsakeError `S3Unavailable`, `S3BadAnswer`
 */
export function expectSuccess(answer: Answer, what: string): Answer {
  if (answer.status >= 300 || isErrorBody(answer.body)) throw badAnswer(answer, what);
  return answer;
}

/** Throws, with the body read, unless the answer is a success. @throws as `expectSuccess` */
export async function assertSuccess(response: IncomingMessage, what: string): Promise<void> {
  const { statusCode: status = 0, statusMessage = '', rawHeaders: headers } = response;
  if (status >= 300) expectSuccess({ status, statusMessage, headers, body: await collect(response) }, what);
}

export function badAnswer({ status, body }: Answer, what: string): KeepsakeError {
  return new KeepsakeError(status >= 500 ? 'S3Unavailable' : 'S3BadAnswer', {
    what: `the emulator refused when ${what}`,
    got: `${status} ${body.subarray(0, 300).toString()}`,
  });
}
