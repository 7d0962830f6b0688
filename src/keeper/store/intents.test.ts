// Intents outlive the process that left them open, and a torn log is no obstacle.
import { appendFileSync, closeSync, openSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { IntentLog, readLog } from './intents.ts';
import { temporaryFolder } from './store-fixture.ts';

const put = (key: string | null) => ({ bucket: 'photos', key, operation: 'PutObject' });
const newFile = async () => path.join(await temporaryFolder(), 'intents.log');

test('an earlier process leaves what it did not end, oldest first, until it is ended', async () => {
  const file = await newFile();
  const first = new IntentLog(file);
  const [a, b, c] = [first.begin(put('a\n\0')), first.begin(put('b')), first.begin(put(null))];
  first.end(b);
  await nextTurn();
  expect(first.earlier()).toEqual([]);

  const second = new IntentLog(file);
  expect(second.earlier()).toEqual([a, c]);
  const d = second.begin(put('d'));
  expect(d.id).toBeGreaterThan(c.id);
  second.end(a);
  expect(second.earlier()).toEqual([c]);
  await nextTurn();
  expect(new IntentLog(file).earlier()).toEqual([c, d]);
});

test.each([
  ['cut short', '{"begin":{"id":9,"buck'],
  ['of zeros, as a power cut leaves them', '\0\0\0\0'],
  ['of something else', 'null\n[]\n7\n{"begin":{"id":"x"}}\n{"end":"y"}'],
])('a line %s is skipped, and the next ones count', async (_what, torn) => {
  const file = await newFile();
  const first = new IntentLog(file);
  const a = first.begin(put('a'));
  first.close();
  appendFileSync(file, torn);
  const second = new IntentLog(file);
  expect(second.earlier()).toEqual([a]);
  const b = second.begin(put('b'));
  expect(new IntentLog(file).earlier()).toEqual([a, b]);
});

test('an end is written with the next line, by the end of its turn, or when the log is closed', async () => {
  const file = await newFile();
  const log = new IntentLog(file);
  const [a, b, c] = [log.begin(put('a')), log.begin(put('b')), log.begin(put('c'))];
  const openThere = () => [...readLog(file).open.values()];
  log.end(a);
  log.noteCommits(1);
  expect(openThere()).toEqual([b, c]);
  log.end(b);
  await nextTurn();
  expect(openThere()).toEqual([c]);
  log.end(c);
  log.close();
  expect(openThere()).toEqual([]);
});

test('the log stays small, and keeps what is open across its renewal', async () => {
  const file = await newFile();
  const log = new IntentLog(file);
  const open = log.begin(put('open'));
  for (let i = 0; i < 20_000; i++) log.end(log.begin(put(`key ${i} ${'x'.repeat(50)}`)));
  await nextTurn();
  expect(statSync(file).size).toBeLessThan(1_100_000);
  expect(readFileSync(file, 'utf8')).toContain('"open"');
  expect(new IntentLog(file).earlier()).toEqual([open]);
});

test('many that are open at once are not written again with each that begins', async () => {
  const log = new IntentLog(await newFile());
  const key = 'k'.repeat(1024);
  const begun = performance.now();
  for (let i = 0; i < 8_000; i++) log.begin(put(key));
  expect(performance.now() - begun).toBeLessThan(3_000);
});

test('once it is closed it writes nothing more, whoever owns its descriptor then', async () => {
  const file = await newFile();
  const log = new IntentLog(file);
  const a = log.begin(put('a'));
  log.close();
  const next = openSync(await newFile(), 'a+');
  log.end(a);
  log.noteCommits(7);
  expect(() => log.begin(put('b'))).toThrow('closed');
  expect(readFileSync(next, 'utf8')).toBe('');
  closeSync(next);
});
