// The built page: made by Vite when it is missing or older than its sources. Without it the API works all the same.
import { spawn } from 'node:child_process';
import { existsSync, globSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

const projectFolder = path.resolve(import.meta.dirname, '../..');

/** Where the page is built to. */
export const webFolder = path.join(projectFolder, 'dist/web');

export type WebBuild =
  | { readonly kind: 'ready' }
  /** `reason`: the last lines of what Vite said. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Builds the page if need be. A page that can't be built is no reason not to start. */
export async function buildWeb(): Promise<WebBuild> {
  const vite = path.join(projectFolder, 'node_modules/vite/bin/vite.js');
  if (isFresh()) return { kind: 'ready' };
  if (!existsSync(vite)) return { kind: 'failed', reason: 'Vite is not installed (npm install)' };
  // Two starts may build at once: each in a folder of its own, put in place as a whole.
  const draft = `${webFolder}.${process.pid}`;
  const reason = await run([
    vite,
    'build',
    '--config',
    'src/web/vite.config.ts',
    '--outDir',
    draft,
    '--logLevel',
    'error',
  ]);
  if (reason === undefined) replaceFolder(draft, webFolder);
  rmSync(draft, { recursive: true, force: true });
  return reason === undefined ? { kind: 'ready' } : { kind: 'failed', reason };
}

function replaceFolder(draft: string, folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } catch (error) {
    if (!isFresh()) throw error; // else another start was faster: its page is as good
  }
}

function isFresh(): boolean {
  const page = statSync(path.join(webFolder, 'index.html'), { throwIfNoEntry: false });
  if (!page) return false;
  const sources = globSync('src/web/**/*', { cwd: projectFolder });
  return sources.every((file) => statSync(path.join(projectFolder, file)).mtimeMs <= page.mtimeMs);
}

/** Undefined when it ended well, else why not. */
function run(args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: projectFolder, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-1_000);
    });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : said.trim() || `Vite ended with ${code}`));
  });
}
