// A bucket in the Host header. Emulators read hosts each in its own way: moto takes the first label of any name for a
// bucket, others do not. The keeper reads the host and sends path style, so that both mean the same key.
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { bucketOfHost } from './target.ts';

/** Turns a request into path style, in place. A host that can name no bucket (an address, one label) stays as it is. */
export function bringToPathStyle(
  req: Pick<IncomingMessage, 'url' | 'headers' | 'rawHeaders'>,
  { host, port }: { readonly host: string; readonly port: number },
): void {
  const asked = req.headers.host ?? '';
  const name = asked.replace(/:\d*$/, '');
  if (!name.includes('.') || isIP(name) !== 0) return;
  const bucket = bucketOfHost(asked, 'before-s3');
  if (bucket !== undefined && req.url?.startsWith('/')) req.url = `/${encodeURIComponent(bucket)}${req.url}`;
  const plain = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  req.headers.host = plain;
  for (let i = 0; i + 1 < req.rawHeaders.length; i += 2)
    if (req.rawHeaders[i]?.toLowerCase() === 'host') req.rawHeaders[i + 1] = plain;
}
