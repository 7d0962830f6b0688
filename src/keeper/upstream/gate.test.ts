import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { waitFor } from '../../../test/support/wait-for.ts';
import { silentLogger } from '../../shared/logger.ts';
import { Gate } from './gate.ts';

// The emulator as the gate sees it: which session it tells, or that it tells none.
class Emulator {
  session: string | Error = 'first';
  reads = 0;
  readonly filled: string[] = [];
  fillFailures = 0;
  /** The rest of each filling when the gate opens: one promise for each turn. */
  rest: ((signal: AbortSignal) => Promise<void>) | undefined;
  finished = 0;

  async read() {
    this.reads += 1;
    const { session } = this;
    await Promise.resolve();
    if (session instanceof Error) throw session;
    return { id: session, hostStyle: 'before-s3' as const, hasSubResources: true };
  }
}

const gates: Gate[] = [];
afterEach(() => Promise.all(gates.splice(0).map((gate) => gate.close())));

async function openGate(emulator: Emulator, probeMs = 60_000): Promise<Gate> {
  const gate = new Gate({
    source: emulator,
    recover: async ({ id }) => {
      if (emulator.fillFailures-- > 0) throw new Error('the emulator broke');
      emulator.filled.push(id);
      const { rest } = emulator;
      const finish = async (): Promise<void> => {
        emulator.finished += 1;
      };
      return rest && { run: rest, finish };
    },
    cutConnections: () => {},
    probeMs,
    logger: silentLogger(),
  });
  gates.push(gate);
  gate.start();
  await gate.untilOpen();
  return gate;
}

// One object a connection: all that the gate looks at.
const answerOn = (socket: object) => ({ socket, destroy() {} }) as unknown as IncomingMessage;

test('opens when the emulator is filled, and asks nothing of a verified connection', async () => {
  const emulator = new Emulator();
  const gate = await openGate(emulator);
  const socket = new EventEmitter();
  await gate.believe(answerOn(socket), gate.epoch);
  const { reads } = emulator;
  expect(gate.believe(answerOn(socket), gate.epoch)).toBeUndefined();
  expect([emulator.reads, emulator.filled]).toEqual([reads, ['first']]);
});

test('does not believe an answer of a new process, and fills it before the next', async () => {
  const emulator = new Emulator();
  const gate = await openGate(emulator);
  const { epoch } = gate;
  emulator.session = 'second';
  await expect(gate.believe(answerOn({}), epoch)).rejects.toMatchObject({ code: 'KeeperRestoring' });
  await gate.untilOpen();
  expect(emulator.filled).toEqual(['first', 'second']);
  expect(gate.epoch).toBeGreaterThan(epoch);
});

test('does not believe a late answer of the old process on a verified connection', async () => {
  const emulator = new Emulator();
  const gate = await openGate(emulator);
  const { epoch } = gate;
  const socket = {};
  await gate.believe(answerOn(socket), epoch);
  emulator.session = 'second';
  gate.suspect();
  await waitFor('the second filling', () => emulator.filled.length === 2 && gate.isOpen);
  await expect(gate.believe(answerOn(socket), epoch)).rejects.toMatchObject({ code: 'KeeperRestoring' });
});

test('a check that began before the answer proves nothing about it', async () => {
  const emulator = new Emulator();
  const gate = await openGate(emulator);
  const { epoch } = gate;
  const first = gate.believe(answerOn({}), epoch); // its check has read the old session already
  emulator.session = 'second';
  const second = gate.believe(answerOn({}), epoch);
  await first;
  await expect(second).rejects.toMatchObject({ code: 'KeeperRestoring' });
});

test('an emulator that only hung is not filled again', async () => {
  const emulator = new Emulator();
  const gate = await openGate(emulator);
  emulator.session = new Error('no answer in time');
  gate.suspect();
  await waitFor('the gate to close', () => gate.state === 'upstream-down');
  emulator.session = 'first';
  await gate.untilOpen();
  expect(emulator.filled).toEqual(['first']);
});

test('a filling that fails is begun again', async () => {
  const emulator = new Emulator();
  emulator.fillFailures = 2;
  await openGate(emulator);
  expect(emulator.filled).toEqual(['first']);
});

test('notices a restart without any traffic', async () => {
  const emulator = new Emulator();
  const gate = await openGate(emulator, 20);
  emulator.session = 'second';
  await waitFor('the filling', () => emulator.filled.includes('second') && gate.isOpen);
});

test('fills only when the changes under way have come to their ends', async () => {
  const emulator = new Emulator();
  const gate = await openGate(emulator);
  const endWork = gate.beginWork();
  emulator.session = 'second';
  const { reads } = emulator;
  gate.suspect();
  await waitFor('the new session to be read', () => emulator.reads >= reads + 2);
  expect(emulator.filled).toEqual(['first']);
  endWork();
  await gate.untilOpen();
  expect(emulator.filled).toEqual(['first', 'second']);
});

test('is open while the rest of a filling goes on, and whole at its end', async () => {
  const emulator = new Emulator();
  const { promise, resolve } = Promise.withResolvers<void>();
  emulator.rest = () => promise;
  const gate = await openGate(emulator);
  expect([gate.state, gate.isWhole, emulator.finished]).toEqual(['restoring', false, 0]);
  await gate.believe(answerOn({}), gate.epoch);
  resolve();
  await gate.untilWhole();
  expect([gate.state, emulator.finished]).toEqual(['ready', 1]);
});

test('a rest that fails is gone on with, and answers are given meanwhile', async () => {
  const emulator = new Emulator();
  let turns = 0;
  emulator.rest = async () => {
    turns += 1;
    if (turns < 3) throw new Error('a put failed');
  };
  const gate = await openGate(emulator);
  await gate.untilWhole();
  expect([turns, emulator.filled, emulator.finished]).toEqual([3, ['first'], 1]);
});

test('a rest is paused while the emulator hangs, and gone on with when it answers again', async () => {
  const emulator = new Emulator();
  const aborted: boolean[] = [];
  let isLast = false;
  emulator.rest = async (signal) => {
    if (isLast) return;
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    aborted.push(true);
  };
  const gate = await openGate(emulator);
  emulator.session = new Error('no answer in time');
  gate.suspect();
  await waitFor('the gate to close', () => !gate.isOpen && aborted.length === 1);
  isLast = true;
  emulator.session = 'first';
  await gate.untilWhole();
  expect([emulator.filled, emulator.finished]).toEqual([['first'], 1]);
});

test('a rest ends with its session: the next is filled from the beginning, and never two at a time', async () => {
  const emulator = new Emulator();
  let running = 0;
  let most = 0;
  emulator.rest = async (signal) => {
    running += 1;
    most = Math.max(most, running);
    if (emulator.session === 'first') await new Promise((resolve) => signal.addEventListener('abort', resolve));
    running -= 1;
  };
  const gate = await openGate(emulator);
  emulator.session = 'second';
  gate.suspect();
  await waitFor('the second session', () => emulator.filled.length === 2);
  await gate.untilWhole();
  expect([emulator.filled, emulator.finished, most]).toEqual([['first', 'second'], 1, 1]);
});

test('what was taken for whole can be found not to be, without a new session', async () => {
  const emulator = new Emulator();
  const gate = await openGate(emulator);
  const { epoch } = gate;
  gate.distrust('it lost a bucket');
  expect(gate.isOpen).toBe(false);
  await gate.untilWhole();
  expect(emulator.filled).toEqual(['first', 'first']);
  expect(gate.epoch).toBeGreaterThan(epoch);
});

test('whoever holds locks in a session that is over is told so before the next one is filled', async () => {
  const emulator = new Emulator();
  const gate = await openGate(emulator, 5);
  const { epoch } = gate;
  const endWork = gate.beginWork(); // waits for a lock of theirs, and the filling for it
  emulator.session = new Error('connect ECONNREFUSED');
  await waitFor('the gate to be closed', () => !gate.isOpen);
  const told = gate.untilOpenOrOver(epoch);
  emulator.session = 'second';
  await told;
  expect([gate.isOpen, emulator.filled]).toEqual([false, ['first']]);
  endWork();
  await gate.untilOpen();
  expect(emulator.filled).toEqual(['first', 'second']);
});

test('closing breaks off what is left of a filling', async () => {
  const emulator = new Emulator();
  emulator.rest = (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
  const gate = await openGate(emulator);
  const whole = gate.untilWhole();
  await gate.close();
  await expect(whole).rejects.toMatchObject({ code: 'KeeperRestoring' });
  expect(emulator.finished).toBe(0);
});
