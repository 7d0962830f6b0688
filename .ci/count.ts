// `count.ts REPORT CODE` prints `passed failed` of a vitest JSON report. An exit code and counts that disagree are a failure:
// one that the code hides is counted, and a code other than 0 counts as one.
// A test that CI requires and that was skipped throws when it is collected (test/support/requirements.ts), so its file
// failed without a test: such a file counts as one failure.
import { readFileSync } from 'node:fs';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

const [, , file = '', code] = process.argv;
const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);
const failed = report.numFailedTests + brokenFiles.length;
const isAnyFailed = code !== '0' || report.numPassedTests === 0;
console.log(report.numPassedTests, isAnyFailed ? Math.max(failed, 1) : failed);
