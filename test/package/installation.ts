// The packed package as a stranger gets it: `npm pack`, an empty folder, `npm install`, and Nodes of several ages from npm.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
const npmQuiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];

export interface Packed {
  readonly file: string;
  readonly files: readonly string[];
  readonly packedBytes: number;
  readonly unpackedBytes: number;
}

/** Runs `npm pack`, which builds first. */
export async function pack(into: string): Promise<Packed> {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', into, '--loglevel=error'], {
    cwd: root,
  });
  const told: unknown = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)));
  // npm 12 tells an object by package name, earlier ones a list.
  const [entry] = Object.values(told as Record<string, NpmPack>);
  if (!entry) throw new Error(`npm pack told no package: ${stdout}`);
  return {
    file: path.join(into, entry.filename),
    files: entry.files.map((file) => file.path),
    packedBytes: entry.size,
    unpackedBytes: entry.unpackedSize,
  };
}

interface NpmPack {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** A folder that Postgres' own user may enter, removed by `remove`. */
export async function emptyFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-package-'));
  await chmod(folder, 0o755);
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Installs packages into `folder` as a project of its own. */
export async function install(folder: string, packages: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }\n');
  await run('npm', ['install', ...npmQuiet, ...packages], { cwd: folder });
}

/** The folder of the program `node` of each major version, installed below `folder`. */
export async function installNodes<Major extends number>(
  folder: string,
  majors: readonly Major[],
): Promise<Record<Major, string>> {
  const { platform, arch } = process;
  // The package `node` is a script that fetches one of these.
  const prefix = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node';
  const name = `${prefix}-${platform === 'win32' ? 'win' : platform}-${arch}`;
  await install(
    folder,
    majors.map((major) => `node-${major}@npm:${name}@${major}`),
  );
  const folders = majors.map((major) => [major, path.join(folder, 'node_modules', `node-${major}`, 'bin')] as const);
  return Object.fromEntries(folders) as Record<Major, string>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  said(): string;
  /** SIGTERM to the program itself, below npx; resolves with the end of both. */
  stop(): Promise<Ended>;
  /** SIGKILL to all of it. */
  kill(): Promise<Ended>;
}

/** Starts `npx keepsake …` in `folder`, by the Node in `nodeFolder`. */
export function npxKeepsake(
  args: readonly string[],
  options: { readonly folder: string; readonly nodeFolder: string; readonly env?: NodeJS.ProcessEnv },
): Command {
  const foreign =
    /^(AWS_|KEEPER_|KEEPSAKE_|INTEGRITY_|DATABASE_URL|USE_LOCALSTACK|UPLOAD_|REPORT_|PORT$|S3_PORT$|npm_|NODE_)/;
  const rest = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const child = spawn('npx', ['--no-install', 'keepsake', ...args], {
    cwd: options.folder,
    env: {
      ...Object.fromEntries(rest),
      ...{ PORT: '0', S3_PORT: '0', INTEGRITY_INTERVAL: '0', NO_COLOR: '1' },
      ...options.env,
      PATH: `${options.nodeFolder}${path.delimiter}${process.env.PATH}`,
    },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return {
    child,
    ended,
    said: () => stdout + stderr,
    async stop() {
      const pid = await programIn(child.pid);
      process.kill(pid, 'SIGTERM');
      return ended;
    },
    kill() {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(-child.pid, 'SIGKILL');
      return ended;
    },
  };
}

/** The process of `keepsake` in the group that npx leads. */
async function programIn(group: number | undefined): Promise<number> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,pgid=,args=']);
  const line = stdout.split('\n').find((text) => {
    const [, pgid, program, script] = text.trim().split(/\s+/);
    return pgid === String(group) && /node$/.test(program ?? '') && /\.bin\/keepsake$/.test(script ?? '');
  });
  if (line === undefined) throw new Error(`no keepsake runs in group ${group}`);
  return Number.parseInt(line, 10);
}
