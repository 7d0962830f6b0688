// Settings that can't be used end a command before it does anything: all of them in one error, and exit code 2.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';

const launcher = path.resolve(import.meta.dirname, '../../bin/keepsake.js');
const folder = mkdtempSync(path.join(os.tmpdir(), 'keepsake-settings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const commands = ['start', 'api', 'reconcile', 'keeper run', 'bucket ensure', 'check --verbose'];

function run(command: string, wrong: Readonly<Record<string, string>>) {
  const { PATH, HOME } = process.env;
  const kept = { KEEPSAKE_DATA: folder, KEEPER_DATA: path.join(folder, 'keeper') };
  const given = { DATABASE_URL: 'postgres://127.0.0.1:1/none', AWS_S3_ENDPOINT_URL: 'http://127.0.0.1:1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...command.split(' ')], {
    env: { PATH, HOME, ...kept, ...given, ...wrong },
    encoding: 'utf8',
    timeout: 14_000,
  });
  return { status, stdout, stderr };
}

test.each(commands)('%s: a LOG_LEVEL that is none is one line', (command) => {
  const { status, stdout, stderr } = run(command, { LOG_LEVEL: 'bogus' });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr.split('\n')[0]).toMatch(/^✗ LOG_LEVEL can't be used: .*"bogus"/);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['start', { PORT: 'a', KEEPER_RETENTION: 'b', INTEGRITY_GRACE: 'c', LOG_LEVEL: 'd', MAX_UPLOAD_SIZE: 'e' }],
  ['api', { PORT: 'a', USE_LOCALSTACK: 'b', INTEGRITY_GRACE: 'c', DATABASE_URL: 'd', LOG_LEVEL: 'e' }],
  ['reconcile', { INTEGRITY_GRACE: 'a', DATABASE_URL: 'b', AWS_S3_ENDPOINT_URL: 'c', LOG_LEVEL: 'd' }],
  ['keeper run', { S3_PORT: 'a', KEEPER_RETENTION: 'b', LOG_LEVEL: 'c' }],
  ['bucket ensure', { AWS_S3_ENDPOINT_URL: 'a', LOG_LEVEL: 'b' }],
])('%s names all that are wrong, each once', (command, wrong) => {
  const { status, stderr } = run(command, wrong);
  const named = [...stderr.matchAll(/([A-Z][A-Z0-9_]+) can't be used/g)].map(([, name]) => name);
  expect({ status, named: named.sort() }).toEqual({ status: 2, named: Object.keys(wrong).sort() });
});
