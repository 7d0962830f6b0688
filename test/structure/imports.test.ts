// The table of rooms in ARCHITECTURE.md, enforced: who may import whom, no circles, one catalogue of errors, one reader of
// settings. Each rule is also seen to fail, in a tree of a few files and in ours.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type KnownFaults, parts, structureFaults, type Tree } from './imports.ts';

const root = path.resolve(import.meta.dirname, '../..');
const files = globSync(
  Object.keys(parts).map((part) => `${part}/**/*.ts`),
  { cwd: root },
).sort();
const ours: Tree = Object.fromEntries(files.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]));

/** The exceptions from the rules today. A file that gets better leaves the list, and none joins it. */
const known: KnownFaults = {
  errors: {
    'charts/components/reconciler.ts': 1,
    'src/cli/commands/persistence-test.ts': 1,
    'src/embedded/emulator/answers.ts': 1,
    'src/embedded/emulator/server.ts': 1,
    'src/embedded/integrity-timer.ts': 1,
    'src/embedded/port-check.ts': 1,
    'src/embedded/postgres/cluster-folder.ts': 1,
    'src/embedded/postgres/server.ts': 1,
    'src/keeper/store/body-reader.ts': 1,
    'src/keeper/store/commit-queue.ts': 1,
    'src/keeper/store/faulty-files.ts': 1,
    'src/keeper/store/intents.ts': 1,
    'src/keeper/upstream/gate.ts': 1,
    'src/keeper/upstream/session-source.ts': 4,
    'src/shared/config.ts': 1,
    'src/web/data/failure.ts': 1,
  },
  settings: {
    'src/cli/commands/keeper-store.ts': 2,
    'src/cli/context.ts': 1,
    'src/cli/doctor/machine.ts': 1,
    'src/cli/doctor/settings.ts': 3,
    'src/cli/system.ts': 9,
    'src/embedded/postgres/cluster-folder.ts': 1,
    'src/embedded/postgres/server.ts': 1,
    'src/embedded/run-until-stopped.ts': 1,
    'src/embedded/start.ts': 2,
  },
};

const small: Tree = {
  'src/shared/errors.ts': 'export class KeepsakeError extends Error {}',
  'src/shared/config.ts': "export const read = (env: Environment): string => env.PORT ?? env['HOST'];",
  'src/keeper/index.ts': "export { startKeeper } from './keeper.ts';",
  'src/keeper/keeper.ts': "import { send } from './upstream/send.ts';\nimport { rows } from './store/rows.ts';",
  'src/keeper/s3/target.ts': '// No new Error( here, and no process.env either.',
  'src/keeper/s3/path-style.ts': "import { bucketOfHost } from './target.ts';",
  'src/keeper/store/rows.ts': "import { KeepsakeError } from '../../shared/errors.ts';",
  'src/keeper/turn/turns.ts': "import type { Row } from '../store/rows.ts';",
  'src/keeper/upstream/send.ts': "import { target } from '../s3/target.ts';",
  'src/reconciler/plan/plan.ts': '',
  'src/reconciler/state/runs.ts': '',
  'src/cli/main.ts': "import { startKeeper } from '../keeper/index.ts';\nrun(process.env);",
  'src/web/main.ts': "import type { Report } from '../shared/config.ts';",
};

test('every folder of src is in the table of parts', () => {
  const folders = globSync('src/*', { cwd: root }).filter((entry) => !path.extname(entry));
  expect(folders.filter((folder) => !(folder in parts))).toEqual([]);
});

describe.each([
  { name: 'a small tree', tree: small, listed: { errors: {}, settings: {} } },
  { name: 'our tree', tree: ours, listed: known },
])('$name', ({ tree, listed }) => {
  test('has no fault', () => {
    expect(structureFaults(tree, listed)).toEqual([]);
  });

  test.each([
    ['src/keeper/store/rows.ts', "import { x } from '../turn/new.ts';", '→ src/keeper/turn/new.ts: uphill'],
    [
      'src/keeper/store/rows.ts',
      "import type { X } from '../upstream/new.ts';",
      '→ src/keeper/upstream/new.ts: uphill',
    ],
    ['src/reconciler/state/runs.ts', "import '../new.ts';", '→ src/reconciler/new.ts: uphill'],
    [
      'src/keeper/turn/turns.ts',
      "import { x } from '../../app/index.ts';",
      '→ src/app/index.ts: not in the table of parts',
    ],
    [
      'src/cli/main.ts',
      "const x = await import('../keeper/store/rows.ts');",
      '→ src/keeper/store/rows.ts: past the door',
    ],
    ['src/cli/main.ts', "export type { X } from '../keeper/keeper.ts';", '→ src/keeper/keeper.ts: past the door'],
    ['src/cli/main.ts', "import { x } from '../../test/x.ts';", '→ test/x.ts: no part of ours'],
    ['src/web/main.ts', "import { x } from '../shared/new.ts';", '→ src/shared/new.ts: web takes only types'],
  ])('%s with %s', (file, line, fault) => {
    expect(structureFaults(plus(tree, file, line), listed)).toEqual([`${file} ${fault}`]);
  });

  test.each([
    "import { x } from './path-style.ts';",
    "import type { X } from './path-style.ts';",
    "import {\n  type X,\n  x,\n} from './path-style.ts';",
  ])('a circle by %s', (line) => {
    const [target, style] = ['src/keeper/s3/target.ts', 'src/keeper/s3/path-style.ts'];
    expect(structureFaults(plus(tree, target, line), listed)).toEqual([`circle: ${style} → ${target} → ${style}`]);
  });

  test.each(["throw new Error('x');", 'class Odd extends Error {}', 'class Odd extends KeepsakeError {}'])(
    'an error outside the catalogue by %s',
    (line) => {
      expect(structureFaults(plus(tree, 'src/keeper/turn/turns.ts', line), listed)).toEqual([
        'src/keeper/turn/turns.ts: an error outside the catalogue, 1 found and 0 listed',
      ]);
    },
  );

  test.each([
    'const x = process.env;',
    'const x = env.LOG_LEVEL;',
    "const x = env['LOG_LEVEL'];",
    'const x = context.env[name];',
    'const { env, stdout } = process;',
    'const { LOG_LEVEL } = context.env;',
  ])('a raw setting by %s', (line) => {
    expect(structureFaults(plus(tree, 'src/keeper/turn/turns.ts', line), listed)).toEqual([
      'src/keeper/turn/turns.ts: a setting read past its reader, 1 found and 0 listed',
    ]);
  });

  test('a room that has no place', () => {
    expect(structureFaults({ ...tree, 'src/keeper/attic/x.ts': '' }, listed)).toEqual([
      'src/keeper/attic/x.ts: its room has no place in the table',
    ]);
  });

  test('a file that got better, or is gone, and is still listed', () => {
    const errors = { ...listed.errors, 'src/keeper/turn/turns.ts': 1, 'src/gone.ts': 2 };
    expect(structureFaults(tree, { ...listed, errors })).toEqual([
      'src/keeper/turn/turns.ts: an error outside the catalogue, 0 found and 1 listed',
      'src/gone.ts: an error outside the catalogue, 0 found and 2 listed',
    ]);
  });
});

function plus(tree: Tree, file: string, line: string): Tree {
  return { ...tree, [file]: `${tree[file]}\n${line}\n` };
}
