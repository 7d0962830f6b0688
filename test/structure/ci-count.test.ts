// How CI counts a step: a failure that either the exit code or the report tells is a failure.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';

const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'keepsake-count-')), 'report.json');

test.each([
  ['all passed', { passed: 3, failed: 0 }, [], '0', '3 0'],
  ['one failed, and the code says so', { passed: 2, failed: 1 }, [], '1', '2 1'],
  ['one failed, and the code hides it', { passed: 2, failed: 1 }, [], '0', '2 1'],
  ['none failed, and the code says otherwise', { passed: 3, failed: 0 }, [], '1', '3 1'],
  ['nothing ran', { passed: 0, failed: 0 }, [], '0', '0 1'],
  ['a file could not be collected', { passed: 3, failed: 0 }, [{ status: 'failed', assertionResults: [] }], '0', '3 1'],
])('%s', (_what, { passed, failed }, testResults, code, counted) => {
  writeFileSync(file, JSON.stringify({ numPassedTests: passed, numFailedTests: failed, testResults }));
  const script = path.resolve(import.meta.dirname, '../../.ci/count.ts');
  expect(execFileSync(process.execPath, [script, file, code], { encoding: 'utf8' }).trim()).toBe(counted);
});
