// A check that can vanish proves nothing. An optional call that stands alone is skipped where its function is missing, and
// an assertion about a promise that nobody awaits ends after its test.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

const forms: readonly (readonly [what: string, form: RegExp])[] = [
  ['an optional call as a check', /^\s*(?:else )?(?:await )?[\w.()'"[\]]+\?\.\(.*\);$/],
  ['an assertion about a promise without await', /^\s*expect\(.*\)\.(?:resolves|rejects)\b/],
];

function vanishingChecks(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      forms.filter(([, form]) => form.test(line)).map(([what]) => `line ${index + 1}: ${what}`),
    );
}

test('no test has a check that can vanish', () => {
  const files = globSync('{src,charts,test}/**/*.test.ts', { cwd: root });
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((file) =>
    vanishingChecks(readFileSync(path.join(root, file), 'utf8')).map((one) => `${file}, ${one}`),
  );
  expect(found).toEqual([]);
});

test.each([
  ['      await checks.get(name)?.();', 1],
  ['    else ends.get(name)?.();', 1],
  ['  expect(reading).rejects.toThrow();', 1],
  ['  await expect(reading).rejects.toThrow();', 0],
  ['  return expect(reading).resolves.toBe(1);', 0],
  ['  afterAll(() => world?.stop());', 0],
])('%s', (line, count) => {
  expect(vanishingChecks(line)).toHaveLength(count);
});
