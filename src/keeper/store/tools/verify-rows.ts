// The rows of a store, each against its own checksum and against the rows that it names.

import { bodiesOf, type PartRow, readBucket, readPart, readUpload, readVersion, type VersionRow } from '../rows.ts';
import { partName } from '../verified-bytes.ts';
import { type Look, pagesById } from './look.ts';

/** Something that is not as it was written. */
export interface Finding {
  /** The thing concerned, as a reader of the store knows it: `photos/key`, `upload …`, `store.db`. */
  readonly what: string;
  readonly reason: string;
}

export type Report = (finding: Finding) => void;

const brokenRecord = 'its record does not match its checksum';

/** Reports what is damaged; returns how many rows were looked at. */
export function verifyRows(look: Look, report: Report): number {
  return verifyVersions(look, report) + verifyBuckets(look, report) + verifyUploads(look, report);
}

function verifyVersions(look: Look, report: Report): number {
  let rows = 0;
  const versions = pagesById<VersionRow & { readonly damage: string | null }>(
    look.prepare,
    'SELECT * FROM versions WHERE id > ? ORDER BY id LIMIT ?',
  );
  for (const row of versions) {
    rows += 1;
    const what = `${row.bucket}/${row.key}${row.retired_at === null ? '' : ` (version ${row.id}, kept for undo)`}`;
    const reason = row.damage === null ? faultOf(look, row) : `set aside: ${row.damage}`;
    if (reason !== undefined) report({ what, reason });
  }
  const stray = look
    .prepare('SELECT count(*) AS count FROM segments WHERE version NOT IN (SELECT id FROM versions)')
    .get()?.count;
  if (Number(stray) > 0) report({ what: 'segments', reason: `${stray} of them belong to no version` });
  return rows;
}

function faultOf({ prepare, reader }: Look, row: VersionRow): string | undefined {
  if (readVersion(row) === undefined) return brokenRecord;
  const segments = reader.segmentsOfVersion(row.id);
  const bodies = bodiesOf(row);
  const isSame = segments.length === bodies.length && segments.every(({ body }, index) => body === bodies[index]);
  const bytes = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (isSame && bytes === row.size) return undefined;
  const isThere = prepare('SELECT 1 FROM versions WHERE id = ?').get(row.id) !== undefined; // else dropped meanwhile
  return isThere ? 'the list of its bodies is broken' : undefined;
}

function verifyBuckets({ reader }: Look, report: Report): number {
  const rows = reader.buckets();
  for (const row of rows) {
    if (readBucket(row) === undefined) report({ what: `bucket ${row.bucket}`, reason: brokenRecord });
  }
  return rows.length;
}

function verifyUploads(look: Look, report: Report): number {
  const uploads = look.reader.uploads();
  let rows = uploads.length;
  for (const upload of uploads) {
    if (readUpload(upload) === undefined) report({ what: `upload ${upload.upload_id}`, reason: brokenRecord });
    for (const part of look.reader.parts(upload.upload_id)) {
      rows += 1;
      const reason = faultOfPart(look, part);
      if (reason !== undefined) report({ what: partName(part.part_number, part.upload_id), reason });
    }
  }
  const stray = look
    .prepare('SELECT count(*) AS count FROM parts WHERE upload_id NOT IN (SELECT upload_id FROM uploads)')
    .get()?.count;
  if (Number(stray) > 0) report({ what: 'parts', reason: `${stray} of them belong to no upload` });
  return rows;
}

function faultOfPart({ reader }: Look, part: PartRow): string | undefined {
  if (readPart(part) === undefined) return brokenRecord;
  const segment = reader.segmentOfPart(part.upload_id, part.part_number);
  if (segment?.body === part.body) return segment.sizeBytes === part.size ? undefined : 'its body has another size';
  const isThere = reader.parts(part.upload_id).some(({ body }) => body === part.body); // else sent again meanwhile
  return isThere ? 'its body is missing' : undefined;
}
