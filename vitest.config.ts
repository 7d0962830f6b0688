import { defineConfig } from 'vitest/config';

// Four projects by what they need. `npm test` runs the first three; each finds its servers itself (test/support/) and
// prints what it could not run. `cluster` changes a cluster, so it runs only when asked for by name.
const project = (name: string, include: string[], timeoutMs: number) => ({
  extends: true as const,
  test: { name, include, testTimeout: timeoutMs, hookTimeout: 120_000 },
});

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/unmet-reporter.ts'],
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      project(
        'unit',
        ['src/**/*.test.ts', 'charts/**/*.test.ts', 'test/{structure,model,bench,mutate}/**/*.test.ts'],
        15_000,
      ),
      project('integration', ['test/integration/**/*.test.ts', 'test/faults/**/*.test.ts'], 60_000),
      project('e2e', ['test/e2e/**/*.test.ts'], 120_000),
      project('cluster', ['test/cluster/**/*.test.ts'], 600_000),
      project('package', ['test/package/**/*.test.ts'], 180_000),
    ],
  },
});
