// All findings of a run as NDJSON, one file a run, written as they come.
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { KeepsakeError } from '../../shared/errors.ts';
import type { Finding } from '../../shared/report.ts';

export interface FindingsFile {
  /** Where it stands; null when findings are not kept. */
  readonly path: string | null;
  write(finding: Finding): Promise<void>;
  /** Ends the file; its data is handed to the system when it resolves. */
  close(): Promise<void>;
}

/**
 * Opens the file of a run in `folder` (null: nowhere), and removes the oldest beyond `keep`.
 * @throws KeepsakeError `DataFolderUnusable`
 */
export async function openFindingsFile(folder: string | null, runId: string, keep: number): Promise<FindingsFile> {
  if (folder === null) return { path: null, write: async () => {}, close: async () => {} };
  try {
    await mkdir(folder, { recursive: true });
    await removeOldest(folder, keep - 1);
    const file = path.join(folder, `${runId}.ndjson`);
    const stream = createWriteStream(file);
    await once(stream, 'open');
    return { path: file, ...writerOf(stream, folder) };
  } catch (error) {
    throw unusable(folder, error);
  }
}

/** A stream that failed, at whatever moment, has closed: nobody waits for it any more, and each call says why. */
function writerOf(stream: WriteStream, folder: string): Pick<FindingsFile, 'write' | 'close'> {
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  stream.on('error', () => {}); // kept in `stream.errored`
  const assertWell = (): void => {
    if (stream.errored) throw unusable(folder, stream.errored);
  };
  return {
    async write(finding) {
      assertWell();
      if (stream.write(`${JSON.stringify(finding)}\n`)) return;
      const drained = once(stream, 'drain').catch(() => closed); // it failed while it was waited for
      await Promise.race([drained, closed]);
      assertWell();
    },
    async close() {
      if (!stream.destroyed) stream.end();
      await closed;
      assertWell();
    },
  };
}

function unusable(folder: string, error: unknown): KeepsakeError {
  return new KeepsakeError(
    'DataFolderUnusable',
    {
      what: `findings can't be written to ${folder}`,
      got: error instanceof Error ? error.message : String(error),
      remedy: 'Make room on its disk and the folder writable, or set KEEPSAKE_DATA to another one.',
    },
    error,
  );
}

// Run ids are UUIDv7: their names sort by time.
async function removeOldest(folder: string, keep: number): Promise<void> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.ndjson')).sort();
  for (const name of files.slice(0, Math.max(0, files.length - keep)))
    await rm(path.join(folder, name), { force: true });
}
