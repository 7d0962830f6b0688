import { configDefaults, defineConfig } from 'vitest/config';

// `npm test` runs the first three projects in two minutes; each finds its servers itself (test/support/) and prints what it
// could not run. The others run only when asked for by name: `long` is what takes minutes, `cluster` and
// `cluster-tilt` change a cluster, `package` installs the packed package. `.ci/run` runs them all.
/** Kills, power cuts, bad disks, every step of a model, every script: each of these files takes ten seconds to minutes. */
const long = [
  'test/long/**/*.test.ts',
  'test/faults/**/*.test.ts',
  'test/integration/{exit-codes,keeper-faults,keeper-restore-on-demand,app-crash-steps,app-memory}.test.ts',
  'test/integration/{reconciler-model,reconciler-faults}.test.ts',
  'test/e2e/doc-commands.test.ts',
  'src/keeper/store/{killed-writer,store-model,damage}.test.ts',
];

const project = (name: string, include: string[], timeoutMs: number, exclude = long) => ({
  extends: true as const,
  test: {
    name,
    include,
    exclude: [...configDefaults.exclude, ...exclude],
    testTimeout: timeoutMs,
    hookTimeout: 120_000,
  },
});

// Both take the same namespace, so the second waits for the first.
const clusterProject = (name: string, include: string[], form: 'local' | 'tilt') => {
  const { test, ...rest } = project(name, include, 600_000);
  const sequence = { groupOrder: form === 'tilt' ? 2 : 1 };
  return { ...rest, test: { ...test, sequence, env: { KEEPSAKE_CLUSTER_FORM: form } } };
};

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
      project('integration', ['test/integration/**/*.test.ts'], 60_000),
      project('e2e', ['test/e2e/**/*.test.ts'], 120_000),
      project('long', long, 120_000, []),
      clusterProject('cluster', ['test/cluster/**/!(tilt).test.ts'], 'local'),
      clusterProject('cluster-tilt', ['test/cluster/tilt.test.ts'], 'tilt'),
      project('package', ['test/package/**/*.test.ts'], 180_000),
    ],
  },
});
