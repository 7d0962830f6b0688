// A disk that fills up while findings are written: the writer says so and ends. /dev/full is a full disk.
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Finding } from '../../shared/report.ts';
import { openFindingsFile } from './findings-file.ts';

const finding: Finding = { class: 'missing', key: 'images/a.png', reason: 'Postgres knows it, S3 does not' };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'findings-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('writes each finding as a line', async () => {
  const file = await openFindingsFile(folder, 'run', 2);
  await file.write(finding);
  await file.close();
  expect(JSON.parse(await readFile(path.join(folder, 'run.ndjson'), 'utf8'))).toEqual(finding);
});

test('a full disk ends the writing with its reason, and closing ends as well', async () => {
  await symlink('/dev/full', path.join(folder, 'run.ndjson'));
  const file = await openFindingsFile(folder, 'run', 2);
  const writing = async (): Promise<void> => {
    for (let i = 0; i < 10_000; i++) await file.write(finding);
  };
  const said = { code: 'DataFolderUnusable', message: expect.stringContaining('ENOSPC') };
  await expect(writing()).rejects.toMatchObject(said);
  await expect(file.close()).rejects.toMatchObject(said);
  await expect(file.close()).rejects.toMatchObject(said);
});
