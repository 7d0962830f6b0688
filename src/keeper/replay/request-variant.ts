// Which reads may be answered alike. A request is named by all of it that could change an answer; one with anything that
// is not known here goes to the emulator. Signatures are no part of it: the keeper's own calls carry none that is right, so
// an emulator that it works with looks at none (../upstream/client.ts). A presigned URL, which LocalStack does look at, is
// told by its query.
import type { IncomingMessage } from 'node:http';
import type { Target } from '../s3/target.ts';

/** Differ from one request to the next, and say nothing about the object. */
const ignored = new Set([
  'connection',
  'x-amz-date',
  'amz-sdk-invocation-id',
  'amz-sdk-request',
  'x-amzn-trace-id',
  'x-amz-security-token',
]);

/** Part of the name: two requests are alike only if these are. */
const naming = new Set([
  ...['host', 'user-agent', 'x-amz-user-agent', 'accept', 'accept-encoding', 'accept-language'],
  ...['x-amz-content-sha256', 'x-amz-checksum-mode', 'range'],
  // A browser's; LocalStack looks at the referer.
  ...['referer', 'sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest', 'sec-fetch-user', 'dnt', 'priority'],
  ...['sec-ch-ua', 'sec-ch-ua-mobile', 'sec-ch-ua-platform', 'upgrade-insecure-requests'],
]);

// The day of the scope and the signature change; the access key is LocalStack's account.
const signed =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/\d{8}\/([^/,\s]+\/s3)\/aws4_request,\s*SignedHeaders=[^,\s]+,\s*Signature=[^,\s]+$/;

/** The name of a GET or HEAD of an object, or undefined when only the emulator can tell what it means. */
export function variantOf(req: IncomingMessage, { key, query }: Target): string | undefined {
  const { method, url, rawHeaders } = req;
  if ((method !== 'GET' && method !== 'HEAD') || key === '' || req.httpVersionMinor !== 1) return undefined;
  if (query !== undefined && (query.size !== 1 || !query.has('x-id'))) return undefined;
  let variant = `${method} ${url}`;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [rawName = '', value = ''] = [rawHeaders[i], rawHeaders[i + 1]];
    const name = rawName.toLowerCase();
    if (ignored.has(name)) continue;
    const named = name === 'authorization' ? signerOf(value) : naming.has(name) ? value : undefined;
    if (named === undefined) return undefined;
    variant += `\n${name}:${named}`;
  }
  return variant;
}

function signerOf(authorization: string): string | undefined {
  const match = signed.exec(authorization);
  return match ? `${match[1]}/${match[2]}` : undefined;
}
