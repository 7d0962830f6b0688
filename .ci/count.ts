// Prints `passed failed` of a vitest JSON report. A test that CI requires and that was skipped throws when it is
// collected (test/support/requirements.ts), so its file failed without a test: such a file counts as one failure.
import { readFileSync } from 'node:fs';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Report;
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);
console.log(report.numPassedTests, report.numFailedTests + brokenFiles.length);
