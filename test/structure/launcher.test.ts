// bin/keepsake.js says in one line what stands in the way, on any Node that can parse it.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const launcher = path.join(root, 'bin/keepsake.js');

function launch(file: string, nodeVersion = process.versions.node) {
  const versions = { ...process.versions, node: nodeVersion };
  const pretend = `Object.defineProperties(process, {
    version: { value: 'v${nodeVersion}' }, versions: { value: ${JSON.stringify(versions)} } });`;
  const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', preload, file, '--help'], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test.each(['18.20.8', '20.19.0', '22.23.3'])('Node %s is too old: one line, exit code 2', (version) => {
  const { status, stdout, stderr } = launch(launcher, version);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^✗ Keepsake needs Node 24\.0 or newer, and this is v[\d.]+\. The clone brings .*\n$/);
});

test.each(['24.0.0', '26.10.0'])('Node %s runs it', (version) => {
  expect(launch(launcher, version)).toMatchObject({ status: 0, stderr: '' });
});

test('a clone without packages says to install them', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'keepsake-launcher-'));
  try {
    mkdirSync(path.join(folder, 'src/cli'), { recursive: true });
    cpSync(path.join(root, 'bin'), path.join(folder, 'bin'), { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(path.join(folder, 'src/cli/main.ts'), "import 'commander';");
    const { status, stderr } = launch(path.join(folder, 'bin/keepsake.js'));
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: '✗ The package commander is not installed. Run `npm install` first.\n',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
