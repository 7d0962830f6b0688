// The smallest whole values of the reconciler's words, for tests to change where they look.

import type { Evidence } from '../../src/reconciler/plan/evidence.ts';
import type { ImageRow } from '../../src/shared/image.ts';
import type { ListedObject } from '../../src/shared/s3/listing.ts';

export const exampleNow = new Date('2026-11-24T12:00:00Z');
export const exampleKey = 'images/01a20b38-7128-7096-929f-feae8ca21bc8.png';
const longAgo = new Date('2026-01-01T00:00:00Z');

export function anObject(fields: Partial<ListedObject> = {}): ListedObject {
  return { key: exampleKey, sizeBytes: 5, etag: 'e', lastModified: longAgo, ...fields };
}

export function aRow(fields: Partial<ImageRow> = {}): ImageRow {
  return {
    id: '01a20b38-7128-7096-929f-feae8ca21bc8',
    key: exampleKey,
    title: 'a title',
    originalName: 'a.png',
    contentType: 'image/png',
    sizeBytes: 5,
    sha256: 'a'.repeat(64),
    status: 'stored',
    uploadedAt: longAgo,
    ...fields,
  };
}

/** Evidence of a missing object that nothing brings back, seen by an earlier run long ago. */
export function anEvidence(fields: Partial<Evidence> = {}): Evidence {
  return {
    known: { key: exampleKey, object: null, row: aRow(), bytes: null, deletionAt: null },
    verdict: { class: 'missing', drift: 'missing', reason: 'Postgres knows it, S3 does not' },
    sighting: { firstSeenAt: longAgo, isEarlier: true },
    sources: [],
    rebuilt: null,
    isDeletedInKeeper: false,
    ...fields,
  };
}
