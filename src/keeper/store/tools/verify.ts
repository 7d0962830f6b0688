// Verifies all that a store holds: SQLite's own check, every row's checksum, every byte of every body, what names what,
// files, totals. Reads by pages and blocks, so memory is flat; changes nothing. A keeper may run meanwhile: what it
// drops between two looks is gone, not damaged, so each finding is looked at again before it is told.
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { BodyDamaged, readSegments, type Segment } from '../body-reader.ts';
import { readLog } from '../intents.ts';
import { asStoreError } from '../store-errors.ts';
import { type Look, lookInto, pagesById } from './look.ts';
import { type Finding, type Report, verifyRows } from './verify-rows.ts';

export interface VerifyOptions {
  /** Told of each finding when it is made. */
  readonly onFinding?: (finding: Finding) => void;
  /** Told of the bytes of bodies that were read, and of all there are. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

export interface Verdict {
  readonly folder: string;
  readonly storeId: string;
  readonly rows: number;
  readonly bodies: number;
  readonly bytes: number;
  /** How many; the first of them stand in `findings`. */
  readonly damaged: number;
  readonly findings: readonly Finding[];
  /** Files and bodies that nothing names: left over from a crash, or just being written. The next start removes them. */
  readonly leftOver: { readonly files: number; readonly bytes: number; readonly bodies: number };
}

const keptFindings = 1000;

/** @throws KeepsakeError what `lookInto` throws: then nothing could be verified */
export async function verifyStore(folder: string, options: VerifyOptions = {}): Promise<Verdict> {
  const look = lookInto(folder);
  const findings: Finding[] = [];
  const told = new Set<string>();
  let damaged = 0;
  const report = (finding: Finding): void => {
    // A damaged page is met again and again.
    if (finding.what === 'store.db' && told.size === told.add(finding.reason).size) return;
    damaged += 1;
    if (findings.length < keptFindings) findings.push(finding);
    options.onFinding?.(finding);
  };
  try {
    checkCommits(look, report);
    checkDatabase(look, report);
    const rows = guarded(look, report, () => verifyRows(look, report)) ?? 0;
    guarded(look, report, () => checkTotals(look, report));
    const read = await verifyBodies(look, { ...options, report });
    const files = await findUnnamedFiles(look);
    return {
      folder: look.folder,
      storeId: look.reader.identity().id,
      rows,
      bodies: read.bodies,
      bytes: read.bytes,
      damaged,
      findings,
      leftOver: { ...files, bodies: read.unnamed },
    };
  } catch (error) {
    throw asStoreError(error, look.folder);
  } finally {
    look.close();
  }
}

function checkDatabase({ database, file }: Look, report: Report): void {
  const what = path.basename(file);
  try {
    const lines = database.prepare('PRAGMA integrity_check(100)').all() as { integrity_check: string }[];
    for (const { integrity_check: line } of lines) if (line !== 'ok') report({ what, reason: line });
  } catch (error) {
    report({ what, reason: String((error as Error).message) }); // so damaged that the check itself ends
  }
}

function checkCommits({ folder, reader }: Look, report: Report): void {
  const { commits: acknowledged } = readLog(path.join(folder, 'intents.log')); // first: a running keeper counts on
  const lost = acknowledged - reader.commits();
  if (lost > 0) report({ what: 'store.db', reason: `it lacks the last ${lost} commits that were acknowledged` });
}

// One statement, one state: a keeper may commit between two.
function checkTotals({ prepare }: Look, report: Report): void {
  const isCurrent = 'retired_at IS NULL AND damage IS NULL';
  const isRetired = 'retired_at IS NOT NULL AND damage IS NULL';
  const row = prepare(
    `SELECT objects, bytes, retired, retired_bytes, counted.* FROM totals,
       (SELECT count(*) FILTER (WHERE ${isCurrent}) AS counted_objects,
          ifnull(sum(size) FILTER (WHERE ${isCurrent}), 0) AS counted_bytes,
          count(*) FILTER (WHERE ${isRetired}) AS counted_retired,
          ifnull(sum(size) FILTER (WHERE ${isRetired}), 0) AS counted_retired_bytes FROM versions) AS counted`,
  ).get() as Record<string, number> | undefined;
  for (const name of ['objects', 'bytes', 'retired', 'retired_bytes']) {
    const [told, counted] = [row?.[name], row?.[`counted_${name}`]];
    if (told !== counted) report({ what: 'totals', reason: `${name} says ${told}, and there are ${counted}` });
  }
}

interface BodyRow {
  readonly id: number;
  readonly size: number;
  readonly checks: Uint8Array;
  readonly file: string | null;
}

async function verifyBodies(
  look: Look,
  { onProgress, report }: VerifyOptions & { readonly report: Report },
): Promise<{ readonly bodies: number; readonly bytes: number; readonly unnamed: number }> {
  const { prepare } = look;
  const total = Number(prepare('SELECT ifnull(sum(size), 0) AS bytes FROM bodies').get()?.bytes);
  let [bodies, bytes, unnamed] = [0, 0, 0];
  const rows = pagesById<BodyRow>(
    prepare,
    'SELECT id, size, checks, file FROM bodies WHERE id > ? ORDER BY id LIMIT ?',
  );
  for (;;) {
    const next = guarded(look, report, () => rows.next());
    if (next === undefined || next.done) return { bodies, bytes, unnamed };
    const row = next.value;
    const users = guarded(look, report, () => usersOf(look, row.id));
    if (users?.length === 0 && isThere(look, row.id)) unnamed += 1;
    const reason = await damageOf(look, row);
    if (reason !== undefined && isThere(look, row.id))
      for (const what of users?.length ? users : [`body ${row.id}`]) report({ what, reason });
    bodies += 1;
    bytes += row.size;
    onProgress?.(bytes, total);
  }
}

// Why the bytes can't be had as they were written; undefined when they are sound.
async function damageOf({ folder, reader }: Look, { id, size, checks, file }: BodyRow): Promise<string | undefined> {
  const segment: Segment = { body: id, sizeBytes: size, checks, file };
  const bodiesFolder = path.join(folder, 'bodies');
  const places = { bodiesFolder, inlineBytes: (body: number) => reader.inlineBytes(body) };
  try {
    for await (const _ of readSegments([segment], { start: 0, end: size }, places));
    if (file === null) return undefined;
    const found = (await stat(path.join(bodiesFolder, file))).size; // also of an empty one, which nothing above opens
    return found === size ? undefined : `its file has ${found} bytes instead of ${size}`;
  } catch (error) {
    if (error instanceof BodyDamaged) return error.message;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'its file is missing';
    return asStoreError(error, folder).message;
  }
}

function isThere({ prepare }: Look, body: number): boolean {
  return prepare('SELECT 1 FROM bodies WHERE id = ?').get(body) !== undefined;
}

function usersOf({ prepare }: Look, body: number): readonly string[] {
  const rows = prepare(
    `SELECT bucket || '/' || key || iif(retired_at IS NULL, '', ' (version ' || id || ', kept for undo)') AS what
       FROM versions WHERE id IN (SELECT version FROM segments WHERE body = ?1)
     UNION ALL SELECT 'part ' || part_number || ' of upload ' || upload_id FROM parts WHERE body = ?1`,
  ).all(body) as unknown as { what: string }[];
  return rows.map(({ what }) => what);
}

// A commit names a published file a moment later. So a file that nothing names is left over at worst, never damage.
async function findUnnamedFiles({ folder, reader }: Look): Promise<{ readonly files: number; readonly bytes: number }> {
  const bodies = path.join(folder, 'bodies');
  const unnamed = new Set(existsSync(bodies) ? await readdir(bodies) : []);
  for (const { file } of reader.bodyFiles()) unnamed.delete(file);
  let [files, bytes] = [0, 0];
  for (const name of unnamed) {
    const sizeBytes = await sizeOf(path.join(bodies, name));
    if (sizeBytes === undefined) continue;
    files += 1;
    bytes += sizeBytes;
  }
  return { files, bytes };
}

/** Undefined when the keeper has removed it meanwhile. */
async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

// A damaged page ends the work on its table, not the whole verification: SQLite's check has named the page already.
function guarded<T>({ folder }: Look, report: Report, work: () => T): T | undefined {
  try {
    return work();
  } catch (thrown) {
    const error = asStoreError(thrown, folder);
    if (error.code !== 'KeeperStoreDamaged') throw error;
    report({ what: 'store.db', reason: `a page of it can't be read: ${error.detail.got ?? error.message}` });
    return undefined;
  }
}
