// The guides' commands, pasted into a shell beside a running `npm start`. Which can't be run on every machine, and why,
// says test/support/doc-commands.ts; that they exist at all, test/structure/doc-commands.test.ts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { docBlocks, whyNotRun } from '../support/doc-commands.ts';
import { dataFolder, ownEnvironment, type StartedSystem, startSystem } from '../support/started-system.ts';

const root = path.resolve(import.meta.dirname, '../..');
const runnable = docBlocks().filter((block) => whyNotRun(block) === undefined);

/** The exit code of a block's last command, where that is not 0. */
const exitCodes: Readonly<Record<string, number>> = {};

let folder: Awaited<ReturnType<typeof dataFolder>>;
let system: StartedSystem;

beforeAll(async () => {
  folder = await dataFolder();
  system = await startSystem(folder.path);
});

afterAll(async () => {
  await system?.end('SIGTERM');
  await folder?.remove();
});

describe.each(runnable)('$name', ({ name, text: pasted }) => {
  test('can be pasted', async () => {
    const result = await paste(pasted);
    expect(result.stderr).not.toMatch(/not found|No such file|curl: \(|npm error Missing script/);
    expect(result).toMatchObject({ code: exitCodes[name] ?? 0 });
  });
});

test('docs/getting-started.md › See it break, and mend it: says what the guide says that it says', async () => {
  const block = runnable.find(({ name }) => name === 'docs/getting-started.md › See it break, and mend it');
  const { stdout } = await paste(block?.text ?? '');
  const told = [...stdout.matchAll(/\b(Healthy|Degraded|Suspicious|Incomplete)\b/g)].map(([word]) => word);
  // The block ran before, with others: what they left may be what it finds first.
  expect(told.filter((word, index) => word !== told[index - 1]).slice(-2)).toEqual(['Degraded', 'Healthy']);
});

/** Runs it in sh, with the ports of this system in the place of the usual ones. */
async function paste(pasted: string) {
  const { apiUrl, s3Url } = system.run;
  const script = pasted.replaceAll('http://127.0.0.1:8080', apiUrl).replaceAll('http://127.0.0.1:4566', s3Url ?? '');
  const child = spawn('sh', ['-c', script], {
    cwd: root,
    env: ownEnvironment({ KEEPSAKE_DATA: folder.path }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, stdout, stderr };
}
