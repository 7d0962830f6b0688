// Prints, at the end of a run, what could not run here and why: a skip nobody reads about is a hole.
import { existsSync, readFileSync } from 'node:fs';
import type { Reporter } from 'vitest/node';

export default class UnmetReporter implements Reporter {
  onTestRunEnd(): void {
    const file = process.env.KEEPSAKE_UNMET_FILE;
    if (!file || !existsSync(file)) return;
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    console.log('\n Not run here:');
    for (const { name, reasons } of lines.map((line) => JSON.parse(line) as { name: string; reasons: string }))
      console.log(`  - ${name}: ${reasons}`);
  }
}
