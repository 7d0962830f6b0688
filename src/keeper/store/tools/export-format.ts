// The portable form of what S3 serves: a tar stream, version 1, that any tar can read.
//
// - keepsake-export.json     identifies the export: format, version, store, time
// - buckets/<bucket>.json    a bucket: headers and body of its creation, its settings
// - objects/<bucket>/<key>   an object's bytes; %XX stands for the parts of a key that no file's name can hold
// - records/<number>.json    right after the bytes: all else of that object, with their SHA-256. Bytes without a record
//                            don't count: they could not be read to their end
// - end.json                 the number of entries, and a SHA-256 of all buckets and records: without it the file is cut
//
// The record tells the key, never the name of an entry. Bodies of settings are in base64; times are Unix ms.
import { z } from 'zod';
import type { BucketRecord, ObjectRecord, Setting } from '../contract.ts';

export const names = { header: 'keepsake-export.json', end: 'end.json' } as const;

const headers = z.record(z.string(), z.string());
const setting = z.strictObject({ name: z.string(), headers, body: z.base64() });
const size = z.int().min(0);

export const headerSchema = z.object({
  format: z.literal('keepsake-export'),
  version: z.int(),
  storeId: z.string(),
  exportedAt: z.string(),
});

export const bucketSchema = z.strictObject({
  bucket: z.string().min(1),
  headers,
  body: z.base64(),
  settings: z.array(setting),
  createdAt: z.int(),
});

const part = z.strictObject({
  partNumber: z.int().min(1).exactOptional(),
  sizeBytes: size,
  etag: z.string(),
  headers,
});

export const recordSchema = z.strictObject({
  file: z.string(),
  sha256: z.string(),
  bucket: z.string().min(1),
  key: z.string().min(1),
  etag: z.string(),
  sizeBytes: size,
  headers,
  parts: z.array(part).nullable(),
  settings: z.array(setting),
  savedAt: z.int(),
});

export const endSchema = z.strictObject({ buckets: size, objects: size, bytes: size, sha256: z.string() });

export type ExportedBucket = z.infer<typeof bucketSchema>;
export type ExportedObject = z.infer<typeof recordSchema>;
export type ExportEnd = z.infer<typeof endSchema>;

export const exportVersion = 1;

export function exportedBucket({ bucket, headers, body, settings, createdAt }: BucketRecord): ExportedBucket {
  return {
    bucket,
    headers: { ...headers },
    body: Buffer.from(body).toString('base64'),
    settings: settings.map(exportedSetting),
    createdAt,
  };
}

export function exportedObject(
  record: ObjectRecord,
  { file, sha256 }: { readonly file: string; readonly sha256: string },
): ExportedObject {
  const { bucket, key, etag, sizeBytes, headers, parts, settings, savedAt } = record;
  return {
    file,
    sha256,
    bucket,
    key,
    etag,
    sizeBytes,
    headers: { ...headers },
    parts: parts?.map((one) => ({ ...one, headers: { ...one.headers } })) ?? null,
    settings: settings.map(exportedSetting),
    savedAt,
  };
}

export function settingOf({ name, headers, body }: ExportedBucket['settings'][number]): Setting {
  return { name, headers, body: new Uint8Array(Buffer.from(body, 'base64')) };
}

/** The name of an object's entry: its key, with %XX for `%`, `\`, control characters and parts that are no names. */
export function entryName(bucket: string, key: string): string {
  const safe = key.split('/').map((one) => {
    if (one === '') return '%';
    if (one === '.' || one === '..') return one.replaceAll('.', '%2E');
    return one.replace(/[%\\\p{Cc}]/gu, (character) => encodeURIComponent(character));
  });
  return `objects/${bucket}/${safe.join('/')}`;
}

function exportedSetting({ name, headers, body }: Setting): ExportedBucket['settings'][number] {
  return { name, headers: { ...headers }, body: Buffer.from(body).toString('base64') };
}
