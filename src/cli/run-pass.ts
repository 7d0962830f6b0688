// One pass of the reconciler for a command, with its progress on the terminal and Ctrl-C giving it up.
import type { RunOptions } from '../reconciler/index.ts';
import type { RunProgress } from '../shared/integrity-service.ts';
import type { IntegrityReport } from '../shared/report.ts';
import type { Connected } from './connect.ts';
import type { Context } from './context.ts';
import { uploadsBegan } from './system.ts';

export async function runPass(
  context: Context,
  { system, reconciler }: Connected,
  options: RunOptions,
): Promise<IntegrityReport> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await reconciler.run({
      ...uploadsBegan(system),
      ...options,
      signal: stopping.signal,
      onProgress: (progress) => context.progress(describeProgress(progress)),
    });
  } finally {
    context.progress('');
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function describeProgress(progress: RunProgress): string {
  if (progress.kind !== 'progress') return '';
  const { phase, done, total } = progress;
  const counted = total === null ? done.toLocaleString('en') : `${done} of ${total}`;
  switch (phase) {
    case 'observe':
      return `reading both sides: ${counted}`;
    case 'act':
      return `repairing: ${counted}`;
    case 'report':
      return 'writing the report';
  }
}
