// One large object in and out of S3, streamed: its bytes are a function of its name, so that nothing of it is kept.
import { createCipheriv, createHash, type Hash } from 'node:crypto';
import http, { type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

const headers = {
  authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0',
  'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
} as const;
const chunkBytes = 1024 * 1024;
const partBytes = 64 * 1024 * 1024;

export interface LargeObject {
  /** URL of the object, without a query. */
  readonly url: string;
  readonly sizeBytes: number;
}

/** Puts it with one PUT; resolves with the SHA-256 of what was sent. @throws Error when it is refused */
export async function putWhole({ url, sizeBytes }: LargeObject): Promise<string> {
  const hash = createHash('sha256');
  await request('PUT', url, { body: bytesOf(url, sizeBytes, hash), sizeBytes });
  return hash.digest('hex');
}

/** Puts it in parts of 64 MiB; resolves with the SHA-256 of what was sent. @throws Error when it is refused */
export async function putInParts({ url, sizeBytes }: LargeObject): Promise<string> {
  const hash = createHash('sha256');
  const bytes = bytesOf(url, sizeBytes, hash);
  const begun = (await textOf(await request('POST', `${url}?uploads`))).match(/<UploadId>([^<]+)</)?.[1] ?? '';
  const uploadId = encodeURIComponent(begun);
  const parts: string[] = [];
  for (let start = 0; start < sizeBytes; start += partBytes) {
    const size = Math.min(partBytes, sizeBytes - start);
    const query = `partNumber=${parts.length + 1}&uploadId=${uploadId}`;
    const { headers: answered } = await request('PUT', `${url}?${query}`, { body: take(bytes, size), sizeBytes: size });
    parts.push(`<Part><PartNumber>${parts.length + 1}</PartNumber><ETag>${answered.etag}</ETag></Part>`);
  }
  const xml = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
  const answer = await textOf(
    await request('POST', `${url}?uploadId=${uploadId}`, { body: [xml], sizeBytes: xml.length }),
  );
  if (!answer.includes('<ETag>')) throw new Error(`an upload was not completed: ${answer}`);
  return hash.digest('hex');
}

/** The SHA-256 and the ETag of what is there. @throws Error when it is not there */
export async function getWhole({ url }: LargeObject): Promise<{ readonly sha256: string; readonly etag: string }> {
  const hash = createHash('sha256');
  const answer = await request('GET', url);
  for await (const chunk of answer) hash.update(chunk as Buffer);
  return { sha256: hash.digest('hex'), etag: answer.headers.etag ?? '' };
}

function* bytesOf(name: string, sizeBytes: number, hash: Hash): Generator<Buffer, void, void> {
  const cipher = createCipheriv('aes-128-ctr', createHash('md5').update(name).digest(), Buffer.alloc(16));
  for (let left = sizeBytes; left > 0; left -= chunkBytes) {
    const chunk = cipher.update(Buffer.alloc(Math.min(chunkBytes, left)));
    hash.update(chunk);
    yield chunk;
  }
}

/** The next bytes of a generator, which stays open; whole chunks only. */
function* take(bytes: Generator<Buffer, void, void>, sizeBytes: number): Generator<Buffer, void, void> {
  for (let left = sizeBytes; left > 0; ) {
    const { value, done } = bytes.next();
    if (done) return;
    left -= value.length;
    yield value;
  }
}

function request(
  method: string,
  url: string,
  { body = [], sizeBytes = 0 }: { readonly body?: Iterable<Buffer>; readonly sizeBytes?: number } = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method, agent: false, headers: { ...headers, 'content-length': sizeBytes } });
    sent.once('error', reject);
    sent.once('response', (answer) => {
      if (answer.statusCode !== 200) {
        textOf(answer).then((text) => reject(new Error(`${method} ${url}: ${answer.statusCode} ${text}`)), reject);
        return;
      }
      if (method === 'PUT') answer.resume(); // its head says all
      resolve(answer);
    });
    Readable.from(body, { objectMode: false }).pipe(sent);
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += chunk;
  return text;
}
