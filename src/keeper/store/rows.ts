// Records as they stand in the tables, and back. Each row carries a CRC-32 of what it says, so a flipped bit is found
// when the row is read, not when a client wonders about a header. A read function returns undefined for such a row.

import { crc32 } from 'node:zlib';
import type { ReplayHeaders } from '../s3/headers.ts';
import type {
  BucketRecord,
  ObjectMeta,
  ObjectRecord,
  PartMeta,
  RetiredVersion,
  Setting,
  UploadPart,
  UploadRecord,
} from './contract.ts';

/** A row of `versions`. */
export interface VersionRow {
  readonly id: number;
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  readonly saved_at: number;
  readonly record: string;
  readonly row_check: number;
  readonly retired_at: number | null;
  readonly cause: string | null;
}

/** The JSON in `record`. */
interface VersionJson {
  readonly etag: string;
  readonly headers: ReplayHeaders;
  readonly parts: readonly PartMeta[] | null;
  readonly settings: readonly SettingJson[];
  /** Ids of the bodies, in order: what `segments` must say too. */
  readonly bodies: readonly number[];
}

/** A setting with its body in base64. */
interface SettingJson {
  readonly name: string;
  readonly headers: ReplayHeaders;
  readonly body: string;
}

export interface VersionContent {
  readonly meta: ObjectMeta;
  readonly settings: readonly Setting[];
  readonly bodies: readonly number[];
}

export function versionJson({ meta, settings, bodies }: VersionContent): string {
  const { etag, headers, parts } = meta;
  return JSON.stringify({ etag, headers, parts, settings: settings.map(toJson), bodies } satisfies VersionJson);
}

/** The bodies that a sound row names, in order. */
export function bodiesOf(row: VersionRow): readonly number[] {
  return (JSON.parse(row.record) as VersionJson).bodies;
}

/** The check of a version's row: over all that stays as it is until the version is dropped or its settings change. */
export function rowCheck(row: Omit<VersionRow, 'row_check' | 'retired_at' | 'cause'>): number {
  return checkOf(row.id, row.bucket, row.key, row.size, row.saved_at, row.record);
}

/** The version, or undefined when the row fails its check. */
export function readVersion(row: VersionRow): ObjectRecord | undefined {
  if (rowCheck(row) !== row.row_check) return undefined;
  const { etag, headers, parts, settings } = JSON.parse(row.record) as VersionJson;
  return {
    versionId: row.id,
    bucket: row.bucket,
    key: row.key,
    etag,
    sizeBytes: row.size,
    headers,
    parts,
    savedAt: row.saved_at,
    settings: settings.map(fromJson),
  };
}

/** A retired version of a row that has `retired_at`; undefined when the row fails its check. */
export function readRetired(row: VersionRow, retentionMs: number): RetiredVersion | undefined {
  const version = readVersion(row);
  if (version === undefined || row.retired_at === null) return undefined;
  return {
    ...version,
    retiredAt: row.retired_at,
    expiresAt: row.retired_at + retentionMs,
    cause: row.cause === 'deleted' ? 'deleted' : 'overwritten',
  };
}

export function settingsJson(settings: readonly Setting[]): string {
  return JSON.stringify(settings.map(toJson));
}

export function readSettings(text: string): readonly Setting[] {
  return (JSON.parse(text) as readonly SettingJson[]).map(fromJson);
}

/** The settings with this one added, or put in the place of the one that has its name. */
export function withSetting(settings: readonly Setting[], setting: Setting): readonly Setting[] {
  return settings.some(({ name }) => name === setting.name)
    ? settings.map((one) => (one.name === setting.name ? setting : one))
    : [...settings, setting];
}

export function withoutSetting(settings: readonly Setting[], name: string): readonly Setting[] {
  return settings.filter((setting) => setting.name !== name);
}

export interface BucketRow {
  readonly bucket: string;
  readonly headers: string;
  readonly body: Uint8Array;
  readonly settings: string;
  readonly created_at: number;
  readonly row_check: number;
}

export function bucketCheck(row: Omit<BucketRow, 'row_check'>): number {
  return checkOf(row.bucket, row.headers, Buffer.from(row.body).toString('base64'), row.settings, row.created_at);
}

export function readBucket(row: BucketRow): BucketRecord | undefined {
  if (bucketCheck(row) !== row.row_check) return undefined;
  return {
    bucket: row.bucket,
    headers: JSON.parse(row.headers) as ReplayHeaders,
    body: row.body,
    settings: readSettings(row.settings),
    createdAt: row.created_at,
  };
}

export interface UploadRow {
  readonly upload_id: string;
  readonly bucket: string;
  readonly key: string;
  readonly upstream_upload_id: string;
  readonly headers: string;
  readonly created_at: number;
  readonly row_check: number;
}

export function uploadCheck(row: Omit<UploadRow, 'row_check'>): number {
  return checkOf(row.upload_id, row.bucket, row.key, row.upstream_upload_id, row.headers, row.created_at);
}

export function readUpload(row: UploadRow): UploadRecord | undefined {
  if (uploadCheck(row) !== row.row_check) return undefined;
  return {
    bucket: row.bucket,
    key: row.key,
    uploadId: row.upload_id,
    upstreamUploadId: row.upstream_upload_id,
    headers: JSON.parse(row.headers) as ReplayHeaders,
    createdAt: row.created_at,
  };
}

export interface PartRow {
  readonly upload_id: string;
  readonly part_number: number;
  readonly body: number;
  readonly size: number;
  readonly etag: string;
  readonly headers: string;
  readonly row_check: number;
}

export function partCheck(row: Omit<PartRow, 'row_check'>): number {
  return checkOf(row.upload_id, row.part_number, row.body, row.size, row.etag, row.headers);
}

export function readPart(row: PartRow): UploadPart | undefined {
  if (partCheck(row) !== row.row_check) return undefined;
  const headers = JSON.parse(row.headers) as ReplayHeaders;
  return { partNumber: row.part_number, sizeBytes: row.size, etag: row.etag, headers };
}

function checkOf(...fields: readonly (string | number)[]): number {
  return crc32(fields.join('\0'));
}

function toJson({ name, headers, body }: Setting): SettingJson {
  return { name, headers, body: Buffer.from(body).toString('base64') };
}

function fromJson({ name, headers, body }: SettingJson): Setting {
  return { name, headers, body: new Uint8Array(Buffer.from(body, 'base64')) };
}
