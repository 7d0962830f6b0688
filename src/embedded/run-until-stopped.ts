// The process of `npm start`: starts the system, says so, and stops it on SIGINT, SIGTERM or SIGHUP. A second signal ends
// it at once; what was acknowledged is on disk either way.
import { asKeepsakeError, KeepsakeError } from '../shared/errors.ts';
import { asFolderError } from './data-folder.ts';
import type { RunningSystem } from './start.ts';
import { describeReport, describeRestoring, describeStart } from './terminal.ts';

/** Runs until it is told to stop; resolves to the exit code: 0 stopped, 2 could not start, 1 a part was lost. */
export async function runUntilStopped(env: NodeJS.ProcessEnv): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {}); // nobody reads: no reason to stop
  const startedAt = performance.now();
  const stop = stopSignal();
  const lost = Promise.withResolvers<Error>();
  let system: RunningSystem;
  try {
    const { readAllSettings, startEmbedded } = await import('./start.ts'); // all parts: not for who only asks whether one runs
    system = await startEmbedded(readAllSettings(env), {
      signal: stop.signal,
      onRestoring: (restore) => tellProgress(describeRestoring(restore)),
      onReport: (report) => process.stdout.write(`${describeReport(report)}\n`),
      onLost: lost.resolve,
    });
  } catch (thrown) {
    tellProgress('');
    if (stop.signal.aborted) return 0;
    return tellFault(thrown, env);
  }
  tellProgress('');
  process.stdout.write(`${describeStart(system, performance.now() - startedAt)}\n`);
  const reason = await Promise.race([stop.requested, lost.promise]);
  if (process.stdout.isTTY) process.stdout.write('\nStopping…\n');
  setTimeout(() => giveUpStopping(), stopPatienceMs).unref();
  await system.close();
  return reason instanceof Error ? tellFault(reason, env) : 0;
}

// npm passes Ctrl-C on to a process that the terminal has told already: not a second one yet.
const echoMs = 500;

// Requests under way get 10 s, Postgres a moment for its checkpoint; what takes longer is stuck.
const stopPatienceMs = 30_000;

function giveUpStopping(): never {
  process.stderr.write('✗ Not all parts stopped in time. What was acknowledged is on disk; the next start finds it.\n');
  process.exit(1);
}

function stopSignal(): { readonly signal: AbortSignal; readonly requested: Promise<void> } {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  let firstAt = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        if (performance.now() - firstAt > echoMs) process.exit(130);
        return;
      }
      firstAt = performance.now();
      controller.abort();
      resolve();
    });
  }
  return { signal: controller.signal, requested: promise };
}

function tellFault(thrown: unknown, env: NodeJS.ProcessEnv): number {
  const isFileFault = thrown instanceof Error && 'syscall' in thrown && !('port' in thrown);
  const fault = isFileFault ? asFolderError(thrown, env.KEEPSAKE_DATA || '.keepsake') : asKeepsakeError(thrown);
  process.stderr.write(`✗ ${fault.message}\n`);
  if (!(thrown instanceof KeepsakeError) && !isFileFault) process.stderr.write(`  ${String(thrown)}\n`);
  return 2;
}

// One line that is written over, on a terminal only.
function tellProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
