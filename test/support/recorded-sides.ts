// Both sides of the reconciler as doubles that write down every outside effect in the order in which it happens.
import { Readable } from 'node:stream';
import { S3ServiceException } from '@aws-sdk/client-s3';
import type { ImageRow } from '../../src/shared/image.ts';
import type { KeeperClient } from '../../src/shared/keeper-api.ts';
import type { Pool } from '../../src/shared/postgres.ts';
import type { Bucket } from '../../src/shared/s3/client.ts';

export interface RecordedSides {
  readonly pool: Pool;
  readonly bucket: Bucket;
  readonly keeper: KeeperClient;
  /** Each effect: `journal started`, `row deleted`, `copy images/a`, … */
  readonly effects: string[];
  readonly objects: Map<string, string>;
  /** The undo note of the newest write of the journal. */
  readonly note: () => unknown;
  /** The effect of this name throws before it happens. */
  failAt: string | null;
}

export interface Given {
  readonly row?: ImageRow | null;
  readonly objects?: Readonly<Record<string, string>>;
  readonly isInOutbox?: boolean;
  readonly isRowTaken?: boolean;
  /** The journal's only entry, open or not. */
  readonly entry?: Readonly<Record<string, unknown>>;
  /** The keeper's versions of any key. */
  readonly kept?: readonly string[];
}

/** Sides that hold one row at most. Objects have their bytes as ETag. */
export function recordSides(given: Given): RecordedSides {
  const effects: string[] = [];
  const objects = new Map(Object.entries(given.objects ?? {}));
  let note: unknown;
  const sides: RecordedSides = {
    effects,
    objects,
    failAt: null,
    note: () => note,
    pool: poolOf((sql, values) => {
      const name = nameOf(sql, values);
      if (name) record(name);
      const noted = name?.startsWith('journal') ? values.findLast((value) => String(value).startsWith('{')) : undefined;
      if (noted) note = JSON.parse(String(noted));
      return answerOf(sql, given);
    }),
    bucket: bucketOf(objects, record),
    keeper: {
      versions: async () => [],
      status: async () => undefined,
      restore: async ({ key, versionId }: { readonly key: string; readonly versionId: string }) => {
        record(`keeper puts back ${key}`);
        objects.set(key, given.kept?.[Number(versionId)] ?? '');
      },
    } as unknown as KeeperClient,
  };
  function record(name: string): void {
    if (sides.failAt === name) throw new Error(`${name} failed`);
    effects.push(name);
  }
  return sides;
}

type Answer = { readonly rows: readonly unknown[]; readonly rowCount: number };

function poolOf(query: (sql: string, values: readonly unknown[]) => Answer): Pool {
  const ask = async (sql: string, values: readonly unknown[] = []) => query(sql, values);
  return { query: ask, connect: async () => ({ query: ask, release: () => {} }) } as unknown as Pool;
}

// Reads of Postgres are no effects, but for the lock, which everything else must follow.
function nameOf(sql: string, values: readonly unknown[]): string | null {
  const statement = sql.replace(/\s+/g, ' ').trim();
  if (/^(COMMIT|ROLLBACK)$/.test(statement)) return statement.toLowerCase();
  if (/ FOR (UPDATE|KEY SHARE)$/.test(statement)) return 'lock';
  if (statement.startsWith('INSERT INTO integrity_actions')) return 'journal started';
  if (statement.startsWith("UPDATE integrity_actions SET undo = undo - 'quarantineKey'")) return 'journal forgets';
  if (statement.startsWith('UPDATE integrity_actions SET state')) return `journal ${values[1]}`;
  if (statement.startsWith('UPDATE integrity_actions SET error')) return 'journal notes a failure';
  if (statement.startsWith('INSERT INTO images')) return 'row inserted';
  if (statement.startsWith('UPDATE images')) return 'row changed';
  if (statement.startsWith('DELETE FROM images')) return 'row deleted';
  return null;
}

function answerOf(sql: string, { row, isInOutbox, isRowTaken, entry }: Given): Answer {
  if (sql.includes('FROM images WHERE key')) return answer(row ? [toRecord(row)] : []);
  if (sql.includes('FROM outbox')) return answer(isInOutbox ? [{}] : []);
  if (sql.startsWith('INSERT INTO images')) return answer(isRowTaken ? [] : [{}]);
  if (sql.includes('FROM integrity_actions WHERE id')) return answer([entry ?? expiredEntry]);
  if (sql.includes("WHERE state = 'started'")) return answer(entry ? [entry] : []);
  if (sql.startsWith('SELECT')) return answer([]);
  return answer([{}]);
}

const answer = (rows: readonly unknown[]): Answer => ({ rows, rowCount: rows.length });

const expiredEntry = { undo: { quarantineKey: 'quarantine/1', sha256: 'a'.repeat(64) } };

function toRecord(row: ImageRow): Record<string, unknown> {
  return {
    ...row,
    original_name: row.originalName,
    content_type: row.contentType,
    size_bytes: row.sizeBytes === null ? null : String(row.sizeBytes),
    uploaded_at: row.uploadedAt,
  };
}

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: { readonly Key?: string; readonly CopySource?: string };
}

function bucketOf(objects: Map<string, string>, record: (name: string) => void): Bucket {
  const send = async (command: Command): Promise<unknown> => {
    const { Key = '', CopySource = '' } = command.input;
    const bytes = objects.get(Key);
    switch (command.constructor.name) {
      case 'HeadBucketCommand':
        return {};
      case 'HeadObjectCommand':
        record(`head ${Key}`);
        if (bytes === undefined) throw notFound();
        return { ETag: `"${bytes}"`, ContentLength: Buffer.byteLength(bytes), LastModified: new Date(0) };
      case 'GetObjectCommand':
        record(`read ${Key}`);
        if (bytes === undefined) throw notFound();
        return { Body: Readable.from([Buffer.from(bytes)]), ContentLength: Buffer.byteLength(bytes) };
      case 'CopyObjectCommand': {
        const source = CopySource.slice(CopySource.indexOf('/') + 1);
        record(`copy ${source}`);
        objects.set(Key, objects.get(source) ?? '');
        return {};
      }
      case 'DeleteObjectCommand':
        record(`remove ${Key}`);
        objects.delete(Key);
        return {};
      default:
        record('abort parts');
        return {};
    }
  };
  return { client: { send } as unknown as Bucket['client'], name: 'bucket' };
}

function notFound(): S3ServiceException {
  return new S3ServiceException({ name: 'NotFound', $fault: 'client', $metadata: { httpStatusCode: 404 } });
}
