// The report's manifest in a file: where no cluster is there. Replaced as a whole, never half written.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { KeepsakeError } from '../../shared/errors.ts';
import { fromYaml, toManifest, toYaml } from './manifest.ts';
import type { ReportPublisher } from './report-publisher.ts';

/** Publishes to `file`. @throws KeepsakeError `DataFolderUnusable` when publishing can't write it. */
export function createFilePublisher(file: string, namespace: string): ReportPublisher {
  return {
    async publish(report) {
      try {
        await mkdir(path.dirname(file), { recursive: true });
        await replaceFile(file, toYaml(toManifest(report, namespace)));
      } catch (error) {
        throw unusable(file, error);
      }
    },
    async latest() {
      try {
        return fromYaml(await readFile(file, 'utf8'));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
        throw unusable(file, error);
      }
    },
  };
}

async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

function unusable(file: string, error: unknown): KeepsakeError {
  return new KeepsakeError(
    'DataFolderUnusable',
    {
      what: `the report can't be kept in ${file}`,
      got: error instanceof Error ? error.message : String(error),
      remedy: 'Make its folder writable, set KEEPSAKE_DATA to another one, or REPORT_TARGET to none.',
    },
    error,
  );
}
