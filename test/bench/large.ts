// npm run bench:large: a large object through the keeper, by one PUT and in parts. It is read back, put back into a new
// emulator and read again: always the same bytes and ETag, in flat memory. The last line is JSON; exit code 1 when it
// is not so.
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Table from 'cli-table3';
import { createOption } from 'commander';
import { KeepsakeError } from '../../src/shared/errors.ts';
import { sizeOf } from '../../src/shared/words.ts';
import { makeBenchFolder } from './folder.ts';
import { type KeeperProcess, startKeeperProcess } from './keeper-process.ts';
import { getWhole, putInParts, putWhole } from './large-object.ts';
import { benchProgram, readOptions, reject, sizeIn, type UpstreamOptions } from './options.ts';
import { createUpstream } from './upstream.ts';

const bucketName = 'bench-large';

const allForms = ['whole', 'parts'] as const;
type Form = (typeof allForms)[number];

interface Options extends UpstreamOptions {
  readonly size: number;
  readonly forms: readonly Form[];
  readonly limit: number;
}

const program = benchProgram('large', {
  description: 'A large object through the keeper, put back into a new emulator and read again, in flat memory.',
  takesUrl: false, // the emulator is killed
})
  .addOption(
    createOption('--size <size>', 'size of the object')
      .argParser(sizeIn)
      .default(5 * 1024 ** 3, '5GiB'),
  )
  .addOption(
    createOption('--forms <forms>', 'how it is uploaded: whole (one PUT), parts, or whole,parts')
      .argParser(formsIn)
      .default([...allForms], 'whole,parts'),
  )
  .addOption(
    createOption('--limit <size>', 'memory of the keeper above which it fails')
      .argParser(sizeIn)
      .default(200 * 1024 ** 2, '200MiB'),
  );
const options = readOptions<Options>(program);
const { size: sizeBytes, forms } = options;
const folder = await makeBenchFolder();
const upstream = await createUpstream(options, folder);
const table = new Table({ head: ['', 'seconds', 'MB/s', 'keeper, at most'], style: { head: [], border: [] } });
let keeper: KeeperProcess | undefined;
try {
  await upstream.part?.start();
  keeper = await startKeeperProcess(
    { folder: path.join(folder, 'keeper'), upstreamUrl: upstream.url, logFile: path.join(folder, 'keeper.log') },
    'whole',
  );
  await measure(keeper);
} catch (error) {
  if (!(error instanceof KeepsakeError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
} finally {
  await keeper?.stop();
  await upstream.part?.stop();
}

function formsIn(text: string): readonly Form[] {
  const asked = text.split(',');
  if (asked.some((form) => !allForms.some((one) => one === form))) reject('whole, parts or whole,parts');
  return allForms.filter((form) => asked.includes(form));
}

async function measure(running: KeeperProcess): Promise<void> {
  await fetch(`${running.url}/${bucketName}`, { method: 'PUT' });
  const objects = forms.map((form) => ({ form, url: `${running.url}/${bucketName}/${form}`, sizeBytes }));
  const facts: Record<string, string>[] = [];
  for (const { form, ...object } of objects) {
    const sha256 = await timed(running, `put, ${form}`, () => (form === 'whole' ? putWhole : putInParts)(object));
    const read = await timed(running, `get, ${form}`, () => getWhole(object));
    facts.push({ form, sha256, ...prefixed('read', read) });
  }
  await timed(running, 'restore', () => restart(running));
  for (const [index, { form, ...object }] of objects.entries()) {
    const again = await timed(running, `get again, ${form}`, () => getWhole(object));
    facts[index] = { ...facts[index], ...prefixed('again', again) };
  }
  report(running, facts);
}

function prefixed(name: string, { sha256, etag }: { readonly sha256: string; readonly etag: string }) {
  return { [`${name}Sha256`]: sha256, [`${name}Etag`]: etag };
}

/** A new emulator, whole again. */
async function restart(running: KeeperProcess): Promise<void> {
  const { session } = await running.status();
  await upstream.part?.kill();
  await upstream.part?.start();
  for (;;) {
    const status = await running.status();
    if (status.state === 'ready' && status.session !== session) return;
    await delay(100);
  }
}

async function timed<T>(running: KeeperProcess, what: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const megabytes = (sizeBytes * (what === 'restore' ? forms.length : 1)) / 1e6;
  const row = [what, seconds.toFixed(1), (megabytes / seconds).toFixed(0), sizeOf(running.peakBytes() ?? 0)];
  console.log(row.join('  '));
  table.push(row);
  return result;
}

function report(running: KeeperProcess, facts: readonly Readonly<Record<string, string>>[]): void {
  const peakBytes = running.peakBytes();
  const isSame = facts.every(
    ({ sha256, readSha256, againSha256, readEtag, againEtag }) =>
      sha256 === readSha256 && sha256 === againSha256 && readEtag === againEtag,
  );
  const isFlat = peakBytes === null || peakBytes < options.limit;
  console.log(table.toString());
  const peakMiB = peakBytes === null ? null : Math.round(peakBytes / 1024 ** 2);
  console.log(JSON.stringify({ upstream: upstream.name, sizeBytes, forms, isSame, peakMiB, isFlat }));
  if (!isSame || !isFlat) process.exitCode = 1;
}
