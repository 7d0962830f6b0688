import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { bytesOf, openForTest, put, remove, temporaryFolder } from '../store-fixture.ts';
import { inspectStore } from './inspect.ts';
import { verifyStore } from './verify.ts';

const keptStore = path.resolve(import.meta.dirname, '../../../../test/fixtures/keeper-store-format-1/store');

/** A copy of the kept store of format 1: a bit of everything, nothing open. */
async function copyOfKept(): Promise<string> {
  const folder = path.join(await temporaryFolder(), 'store');
  cpSync(keptStore, folder, { recursive: true });
  return folder;
}

function change(folder: string, sql: string): void {
  const database = new DatabaseSync(path.join(folder, 'store.db'));
  database.exec(sql);
  database.close();
}

const bodyFile = (folder: string, sizeBytes: number): string => {
  const files = readdirSync(path.join(folder, 'bodies')).map((name) => path.join(folder, 'bodies', name));
  return files.find((file) => readFileSync(file).length === sizeBytes) ?? 'none';
};

test('finds nothing in a sound store, and tells how much was read', async () => {
  const folder = await copyOfKept();
  const progress: number[] = [];
  const verdict = await verifyStore(folder, { onProgress: (done) => progress.push(done) });
  expect(verdict).toMatchObject({ rows: 10, bodies: 8, bytes: 137_630, damaged: 0, findings: [] });
  expect(verdict.leftOver).toEqual({ files: 0, bytes: 0, bodies: 0 });
  expect(progress.at(-1)).toBe(137_630);
});

describe.each<readonly [string, (folder: string) => void, RegExp]>([
  [
    'a flipped bit of a body file, by all that share it',
    (folder) => {
      const file = bodyFile(folder, 70_000);
      const bytes = readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(69_999) ^ 1, 69_999);
      writeFileSync(file, bytes);
    },
    /^photos\/large: its bytes.*checksum.*\nphotos\/large-copy: its bytes/,
  ],
  ['a body file that is cut', (folder) => truncateSync(bodyFile(folder, 70_000), 100), /cut short/],
  [
    'a body file with more bytes than were written',
    (folder) => writeFileSync(bodyFile(folder, 70_000), 'x', { flag: 'a' }),
    /70001 bytes instead of 70000/,
  ],
  ['a body file that is gone', (folder) => rmSync(bodyFile(folder, 66_000)), /^part 2 of upload upload-1: .*missing/],
  [
    'a flipped bit of an inline body',
    (folder) => change(folder, 'UPDATE bodies SET inline = zeroblob(size) WHERE size = 80'),
    /^photos\/deleted \(version \d+, kept for undo\): its bytes/,
  ],
  [
    'a record',
    (folder) => change(folder, "UPDATE versions SET saved_at = 1 WHERE key = 'empty'"),
    /^photos\/empty: its record/,
  ],
  ['a bucket', (folder) => change(folder, "UPDATE buckets SET headers = '{}'"), /^bucket photos: its record/],
  ['an upload', (folder) => change(folder, "UPDATE uploads SET key = 'other'"), /^upload upload-1: its record/],
  ['a part', (folder) => change(folder, "UPDATE parts SET etag = 'other'"), /^part 2 of upload upload-1: its record/],
  [
    'a list of bodies',
    (folder) => change(folder, "DELETE FROM segments WHERE version = (SELECT id FROM versions WHERE key = 'large')"),
    /^photos\/large: the list of its bodies is broken$/,
  ],
  [
    'totals',
    (folder) => change(folder, 'UPDATE totals SET objects = 77'),
    /^totals: objects says 77, and there are 5$/,
  ],
  [
    'commits that are missing',
    (folder) => change(folder, 'UPDATE totals SET commits = commits - 3'),
    /^store\.db: it lacks the last 3 commits/,
  ],
  [
    'a page of an index, once',
    (folder) => {
      const file = path.join(folder, 'store.db');
      const bytes = readFileSync(file);
      const database = new DatabaseSync(file);
      const page = Number(
        database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'segments_body'").get()?.rootpage,
      );
      database.close();
      bytes.fill(0, (page - 1) * 4096, page * 4096);
      writeFileSync(file, bytes);
    },
    /^store\.db: /,
  ],
])('names %s', (_what, hurt, expected) => {
  test('and counts it', async () => {
    const folder = await copyOfKept();
    hurt(folder);
    const told: string[] = [];
    const verdict = await verifyStore(folder, { onFinding: ({ what, reason }) => told.push(`${what}: ${reason}`) });
    expect(told.join('\n')).toMatch(expected);
    expect(verdict.damaged).toBe(told.length);
  });
});

test('files and bodies that nothing names are left over, not damage', async () => {
  const folder = await copyOfKept();
  writeFileSync(path.join(folder, 'bodies', 'stray'), 'stray');
  change(folder, "INSERT INTO bodies (size, checks, inline) VALUES (0, x'', x'')");
  const verdict = await verifyStore(folder);
  expect(verdict).toMatchObject({ damaged: 0, leftOver: { files: 1, bytes: 5, bodies: 1 } });
});

test('beside a keeper that writes and drops, a sound store stays sound', async () => {
  const folder = await temporaryFolder();
  const store = await openForTest({ folder, inlineBytes: 100, retentionMs: 0 });
  for (let i = 0; i < 50; i++) await put(store, `key${i}`, bytesOf(3000, i));
  let isOver = false;
  const writer = (async () => {
    for (let i = 0; !isOver; i++) {
      await put(store, `key${i % 50}`, bytesOf(3000, i + 50));
      if (i % 10 === 0) await remove(store, `key${(i + 7) % 50}`);
      await store.expire(Date.now() + 1);
    }
  })();
  for (let i = 0; i < 10; i++) expect(await verifyStore(folder)).toMatchObject({ damaged: 0, findings: [] });
  isOver = true;
  await writer;
});

test('where there is no store nothing is made', async () => {
  const folder = await temporaryFolder();
  await expect(verifyStore(folder)).rejects.toMatchObject({ code: 'NotFound' });
  await expect(inspectStore(path.join(folder, 'none'))).rejects.toMatchObject({ code: 'NotFound' });
  expect(readdirSync(folder)).toEqual([]);
  writeFileSync(path.join(folder, 'store.db'), 'something else');
  await expect(verifyStore(folder)).rejects.toMatchObject({ code: 'KeeperStoreDamaged' });
});

test('an overview names what is held, and says whether a keeper has it', async () => {
  const folder = await copyOfKept();
  expect(await inspectStore(folder)).toMatchObject({
    format: 1,
    session: 'session-of-format-1',
    isInUse: false,
    counts: { objects: 5, bytes: 141_500, retired: 2, retiredBytes: 130 },
    buckets: [{ bucket: 'photos', objects: 5, bytes: 141_500, retired: 2, retiredBytes: 130, uploads: 1 }],
    uploads: { uploads: 1, parts: 1, bytes: 66_000 },
    damaged: 0,
    biggest: [{ key: 'large', sizeBytes: 70_000 }, { key: 'large-copy' }, { key: 'inline 😀//../' }, {}, {}],
    newest: [{ key: 'multipart' }, {}, {}, {}, {}],
    bodies: { files: 2, bytes: 136_000 },
    incoming: { files: 0, bytes: 0 },
  });
  await openForTest({ folder });
  expect(await inspectStore(folder)).toMatchObject({ isInUse: true, counts: { objects: 5 } });
});
