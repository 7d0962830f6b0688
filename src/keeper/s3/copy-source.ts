// Reads the source that `x-amz-copy-source` names.
import type { IncomingHttpHeaders } from 'node:http';
import { notKept } from './errors.ts';
import type { KeyName } from './target.ts';

export interface CopySource extends KeyName {
  readonly isVersion: boolean;
}

/** The source of a copy; undefined when the header can't be read. */
export function copySource(headers: IncomingHttpHeaders): CopySource | undefined {
  const header = headers['x-amz-copy-source'];
  if (typeof header !== 'string') return undefined;
  const mark = header.lastIndexOf('?versionId=');
  const raw = mark < 0 ? header : header.slice(0, mark);
  const version = mark < 0 ? 'null' : header.slice(mark + '?versionId='.length);
  let name: string;
  try {
    const decoded = decodeURIComponent(raw.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`));
    name = decoded.replace(/^\/+/, ''); // an encoded slash in front is one, too
  } catch {
    return undefined;
  }
  const slash = name.indexOf('/');
  if (slash <= 0 || slash === name.length - 1) return undefined;
  return { bucket: name.slice(0, slash), key: name.slice(slash + 1), isVersion: version !== 'null' };
}

export const versionRefusal = notKept(
  'the keeper keeps one current version of a key',
  'Copy from a key without a versionId.',
);
