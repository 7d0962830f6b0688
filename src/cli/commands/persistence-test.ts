// `keepsake persistence-test`: the classical four steps on a system of its own: create, verify, stop and restart all,
// verify. The stop is the hardest there is: SIGKILL to every process of the group at once.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findRunning, folderLayout, type RunFile } from '../../embedded/index.ts';
import type { Environment } from '../../shared/config.ts';
import { asKeepsakeError, KeepsakeError } from '../../shared/errors.ts';
import type { ImageJson } from '../../shared/image.ts';
import { paths } from '../../shared/names.ts';
import type { Context } from '../context.ts';
import { testPng } from '../test-png.ts';
import { countOf, sizeOf } from '../words.ts';

interface Step {
  readonly name: string;
  readonly isPassed: boolean;
  readonly durationMs: number;
  readonly detail: string;
}

interface Sent {
  readonly url: string;
  readonly sha256: string;
}

// Small ones, and one that needs an upload in parts.
const sizesBytes = [1_000, 20_000, 300_000, 2_000_000, 20_000_000];
const startPatienceMs = 120_000;

export async function persistenceTest(context: Context): Promise<number> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-persistence-'));
  const steps: Step[] = [];
  let system: Started | undefined;
  const step = async (name: string, work: () => Promise<string>): Promise<void> => {
    const startedAt = performance.now();
    context.progress(`${name}…`);
    const outcome = await work().then(
      (detail) => ({ isPassed: true, detail }),
      (error: unknown) => ({ isPassed: false, detail: asKeepsakeError(error).message }),
    );
    steps.push({ name, ...outcome, durationMs: Math.round(performance.now() - startedAt) });
    tell(context, steps);
    if (!outcome.isPassed) throw new Failed();
  };
  let sent: readonly Sent[] = [];
  try {
    await step('create: start a system and upload images', async () => {
      system = await start(folder, context.env);
      sent = await uploadAll(system.run.apiUrl);
      return `${countOf(sent.length, 'image')}, ${sizeOf(sizesBytes.reduce((sum, size) => sum + size, 0))}`;
    });
    await step('verify: read each back', () => verifyAll(system, sent));
    await step('stop and restart all: SIGKILL to every process', async () => {
      await kill(system, 'SIGKILL');
      system = await start(folder, context.env);
      return `answers again at ${system.run.apiUrl}`;
    });
    await step('verify: read each back again', () => verifyAll(system, sent));
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
  } finally {
    await kill(system, 'SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
  const isPassed = steps.every((one) => one.isPassed);
  context.print(isPassed ? context.style('green', 'Nothing was lost.') : context.style('red', 'The test failed.'));
  context.printJson({ isPassed, images: sent.length, steps });
  return isPassed ? 0 : 1;
}

class Failed extends Error {}

function tell({ print, progress, style }: Context, steps: readonly Step[]): void {
  const last = steps.at(-1);
  progress('');
  if (!last) return;
  const sign = last.isPassed ? style('green', '✓') : style('red', '✗');
  print(`${sign} ${steps.length}. ${last.name} ${style('dim', `(${(last.durationMs / 1000).toFixed(1)} s)`)}`);
  print(`     ${last.detail}`);
}

interface Started {
  readonly child: ChildProcess;
  readonly run: RunFile;
}

/** Starts the embedded system as its own process group and waits until it is ready. */
async function start(folder: string, given: Environment): Promise<Started> {
  const { DATABASE_URL: _database, AWS_S3_ENDPOINT_URL: _endpoint, USE_LOCALSTACK: _local, ...env } = given;
  const child = spawn(process.execPath, [path.join(import.meta.dirname, '../../embedded/main.ts')], {
    detached: true, // a group of its own, so that all of it can be killed at once
    env: { ...env, KEEPSAKE_DATA: folder, PORT: '0', S3_PORT: '0', INTEGRITY_INTERVAL: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const deadline = performance.now() + startPatienceMs;
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
    const run = findRunning(folderLayout(folder));
    if (run && run.pid === child.pid && (await isReady(run))) return { child, run };
    await delay(50);
  }
  await kill({ child }, 'SIGKILL');
  throw new KeepsakeError('Internal', {
    what: 'the system did not start',
    got: said.trim() || `nothing within ${startPatienceMs / 1000} s`,
    remedy: 'Try npm start by itself.',
  });
}

async function isReady({ apiUrl }: RunFile): Promise<boolean> {
  try {
    return (await fetch(`${apiUrl}/readyz`, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false; // not listening yet
  }
}

async function kill(system: Pick<Started, 'child'> | undefined, signal: NodeJS.Signals): Promise<void> {
  const child = system?.child;
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  process.kill(signal === 'SIGKILL' ? -child.pid : child.pid, signal);
  await gone;
}

async function uploadAll(apiUrl: string): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  for (const sizeBytes of sizesBytes) {
    // A PNG ends with its last chunk; what follows is not looked at, and makes it as large as we like.
    const bytes = Uint8Array.from(Buffer.concat([testPng(), randomBytes(sizeBytes)]));
    const form = new FormData();
    form.set('image', new File([bytes], `${sizeBytes}.png`));
    const response = await fetch(`${apiUrl}${paths.images}`, { method: 'POST', body: form });
    if (response.status !== 201) throw unexpected('an upload', response.status, await response.text());
    const { image_url: url } = (await response.json()) as ImageJson;
    sent.push({ url, sha256: createHash('sha256').update(bytes).digest('hex') });
  }
  return sent;
}

async function verifyAll(system: Started | undefined, sent: readonly Sent[]): Promise<string> {
  for (const { url, sha256 } of sent) {
    const response = await fetch(`${system?.run.apiUrl}${url}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw unexpected(url, response.status, bytes.toString('utf8'));
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      throw unexpected(url, response.status, 'other bytes');
  }
  return `${sent.length} of ${countOf(sent.length, 'image')}, byte for byte`;
}

function unexpected(what: string, status: number, text: string): KeepsakeError {
  return new KeepsakeError('ChecksumMismatch', { what: `${what} was answered ${status}`, got: text.slice(0, 300) });
}
