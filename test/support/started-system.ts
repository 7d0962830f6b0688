// `npm start` and `keepsake` as real processes on free ports and a folder of their own.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findRunning, folderLayout, type RunFile } from '../../src/embedded/index.ts';
import type { ImageJson } from '../../src/shared/image.ts';
import { endWithUs } from './end-with-us.ts';
import { waitFor } from './wait-for.ts';

const root = path.resolve(import.meta.dirname, '../..');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartedProcess {
  readonly child: ChildProcess;
  /** Its output so far. */
  said(): { readonly stdout: string; readonly stderr: string };
  readonly ended: Promise<Ended>;
}

export interface StartedSystem extends StartedProcess {
  readonly run: RunFile;
  /** A signal to the process alone, or to all of its group. Resolves when it is gone. */
  end(signal: NodeJS.Signals, whom?: 'process' | 'group'): Promise<Ended>;
}

/** A folder for data, that Postgres' own user may enter. The caller removes it. */
export async function dataFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-system-'));
  await chmod(folder, 0o755);
  return { path: path.join(folder, 'data'), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The environment of a system of its own: nothing of what the shell says about another one. */
export function ownEnvironment(own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const foreign = /^(AWS_|KEEPER_|KEEPSAKE_DATA|INTEGRITY_|DATABASE_URL|USE_LOCALSTACK|UPLOAD_|REPORT_|PORT$|S3_PORT$)/;
  const rest = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(rest), PORT: '0', S3_PORT: '0', INTEGRITY_INTERVAL: '0', NO_COLOR: '1', ...own };
}

/** Starts a script of ours in a process group of its own. */
export function startScript(script: string, args: readonly string[], env: NodeJS.ProcessEnv): StartedProcess {
  const child = endWithUs(
    spawn(process.execPath, [path.join(root, script), ...args], {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, said: () => ({ stdout, stderr }), ended };
}

/** Runs `npm start` until it is ready. */
export async function startSystem(folder: string, own: Readonly<Record<string, string>> = {}): Promise<StartedSystem> {
  const started = startScript('src/embedded/main.ts', [], ownEnvironment({ KEEPSAKE_DATA: folder, ...own }));
  const { child } = started;
  const run = await waitFor(
    'npm start to be ready',
    async () => {
      if (child.exitCode !== null) return 'ended' as const;
      const found = findRunning(folderLayout(folder));
      return found && found.pid === child.pid && (await fetch(`${found.apiUrl}/readyz`)).ok ? found : undefined;
    },
    { timeoutMs: 60_000 },
  );
  if (run === 'ended') throw new Error(`npm start ended: ${started.said().stderr}`);
  return {
    ...started,
    run,
    end(signal, whom = 'process') {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        process.kill(whom === 'group' ? -child.pid : child.pid, signal);
      }
      return started.ended;
    },
  };
}

/** Runs a `keepsake` command to its end. */
export function keepsake(args: readonly string[], own: Readonly<Record<string, string>>): Promise<Ended> {
  return startScript('src/cli/main.ts', args, ownEnvironment(own)).ended;
}

/** Uploads an image; its JSON. @throws when it isn't answered 201 */
export async function uploadImage(apiUrl: string, bytes: Uint8Array, name = 'image.png'): Promise<ImageJson> {
  const form = new FormData();
  form.set('image', new File([Uint8Array.from(bytes)], name));
  const answer = await fetch(`${apiUrl}/api/images/`, { method: 'POST', body: form });
  if (answer.status !== 201) throw new Error(`an upload was answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as ImageJson;
}

/** The SHA-256 of what the API serves for an image, or the status that isn't 200. */
export async function servedSha256(apiUrl: string, image: ImageJson): Promise<string | number> {
  const answer = await fetch(`${apiUrl}${image.image_url}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  return answer.status === 200 ? createHash('sha256').update(bytes).digest('hex') : answer.status;
}
