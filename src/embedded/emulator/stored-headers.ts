// Which headers of a request an object keeps, and how a copy or an upload comes by its own.
import type { IncomingHttpHeaders } from 'node:http';
import { element } from './answers.ts';

const kept = new Set([
  'content-type',
  'content-language',
  'content-disposition',
  'cache-control',
  'expires',
  'x-amz-website-redirect-location',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class',
]);

/** The headers to keep, with S3's default content type. */
export function storedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const stored: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && (kept.has(name) || name.startsWith('x-amz-meta-'))) stored[name] = String(value);
  }
  const encoding = (headers['content-encoding'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'aws-chunked')
    .join(',');
  if (encoding) stored['content-encoding'] = encoding;
  if (stored['x-amz-storage-class'] === 'STANDARD') delete stored['x-amz-storage-class'];
  return stored;
}

/** Documents that come with the request itself: x-amz-tagging is the tags' document in another form. */
export function storedDocuments(headers: IncomingHttpHeaders): Map<string, string> {
  const documents = new Map<string, string>();
  const tagging = headers['x-amz-tagging']?.toString();
  if (tagging) documents.set('tagging', taggingDocument(new URLSearchParams(tagging)));
  return documents;
}

function taggingDocument(tags: URLSearchParams): string {
  const set = [...tags].map(([key, value]) => element('Tag', [element('Key', key), element('Value', value)]));
  return element('Tagging', [element('TagSet', set)]);
}
