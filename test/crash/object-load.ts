// The load below the API: clients that put, overwrite, delete and read the same few objects over S3 at once, small ones,
// large ones and multipart ones. What a key may hold is known from a register (test/model/register.ts).
import { createCipheriv, createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Violation } from '../model/image-ledger.ts';
import { type Random, randomOf } from '../model/random.ts';
import { createRegister, type Held, type Register } from '../model/register.ts';
import { waitFor } from '../support/wait-for.ts';
import { createObjectClient, type SentObject, shownBy } from './object-client.ts';

export interface ObjectLoad {
  /** Changes and reads objects until `isOver`; resolves when the last request has ended. */
  run(cycle: number, isOver: () => boolean): Promise<void>;
  /** Reads every key while nothing else is under way; returns what was wrong since the last time. */
  compare(): Promise<Violation[]>;
  acknowledged(): number;
  close(): void;
}

const clients = 4;
/** Keys that all clients write, some with a shape that breaks careless proxies. */
const hotKeys = ['hot', 'slash//slash', 'trailing/', 'ü/☃/🐈', 'plus+space and%2f'];
const coldKeys = Array.from({ length: 60 }, (_, index) => `cold/${index}`);
/** The smallest that S3 takes for a part that is not the last. */
const partBytes = 5 * 1024 * 1024;
const pauseMs = 50;

export async function createObjectLoad(s3Url: string, seed: number): Promise<ObjectLoad> {
  const client = createObjectClient(s3Url, 'crash-objects');
  const registers = new Map([...hotKeys, ...coldKeys].map((key) => [key, createRegister()]));
  const violations: Violation[] = [];
  let acknowledged = 0;
  await client.createBucket();

  const change = async (key: string, register: Register, object: SentObject | null): Promise<boolean> => {
    const answer = register.write(object && shownBy(object));
    const isAcknowledged = await (object ? client.put(key, object) : client.remove(key));
    if (!isAcknowledged) return false;
    answer();
    acknowledged += 1;
    return true;
  };
  const read = async (key: string, register: Register): Promise<boolean> => {
    const answer = register.read();
    const outcome = await client.read(key);
    if (outcome.kind === 'unknown') return false;
    if (!answer(outcome.value)) violations.push(violationOf(key, outcome.value, register));
    return true;
  };
  const step = (random: Random, id: string): Promise<boolean> => {
    const key = random.pick(random.oneIn(2) ? hotKeys : coldKeys) ?? 'hot';
    const register = registers.get(key) ?? createRegister();
    if (random.oneIn(3)) return read(key, register);
    return change(key, register, random.oneIn(5) ? null : objectOf(random, id));
  };

  return {
    async run(cycle, isOver) {
      const one = async (_: unknown, lane: number): Promise<void> => {
        for (let round = 0; !isOver(); round++) {
          const isAnswered = await step(
            randomOf(seed, 'object', cycle, lane, round),
            `${seed}.${cycle}.${lane}.${round}`,
          );
          if (!isAnswered) await delay(pauseMs);
        }
      };
      await Promise.all(Array.from({ length: clients }, one));
    },
    async compare() {
      for (const [key, register] of registers) {
        const { value } = await waitFor(`${key} to be answered`, async () => {
          const outcome = await client.read(key);
          return outcome.kind === 'held' && outcome;
        });
        if (!register.possible().includes(value)) violations.push(violationOf(key, value, register));
        register.settle(value);
      }
      return violations.splice(0);
    },
    acknowledged: () => acknowledged,
    close: () => client.close(),
  };
}

/** An object whose bytes follow from its id: mostly small, sometimes one beyond the store's inline size, seldom multipart. */
function objectOf(random: Random, id: string): SentObject {
  if (random.oneIn(50)) return { id, parts: [noise(id, partBytes), noise(`${id} end`, random.integer(1, 100_000))] };
  return { id, parts: [noise(id, random.oneIn(10) ? random.integer(64, 1024) * 1024 : random.integer(0, 8192))] };
}

function noise(id: string, sizeBytes: number): Buffer {
  const key = createHash('md5').update(id).digest();
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

function violationOf(key: string, value: Held, register: Register): Violation {
  const possible = register.possible();
  const expected = possible.slice(0, 3).map((one) => one ?? 'nothing');
  const what = `object ${key} holds ${value ?? 'nothing'}; expected ${expected.join(' or ')} (${possible.length} possible)`;
  if (value === null) return { kind: 'lost', what };
  if (possible.every((one) => one === null)) return { kind: 'resurrected', what };
  return { kind: register.wasWritten(value) ? 'lost' : 'torn', what };
}
