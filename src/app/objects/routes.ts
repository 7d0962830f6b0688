// /api/s3-image/{key}: an image's bytes, streamed from S3. The row decides whether there is an image, of which type and
// size; S3 only gives the bytes. Missing is said on proof alone (P8), and never silently: a row without its object is 502.
import { pipeline, type Readable } from 'node:stream';
import { GetObjectCommand, NoSuchKey } from '@aws-sdk/client-s3';
import type { Request, Response } from 'express';
import { assertNever, KeepsakeError } from '../../shared/errors.ts';
import { idOfKey } from '../../shared/image.ts';
import { paths } from '../../shared/names.ts';
import type { Pool } from '../../shared/postgres.ts';
import type { Bucket } from '../../shared/s3/client.ts';
import { asS3Error } from '../../shared/s3/errors.ts';
import { imagePolicy } from '../http/headers.ts';
import type { Route } from '../http/route.ts';
import type { StoredImage } from '../images/image-json.ts';
import { applicableRange, isUnchanged, parseRange, type Validators } from './range.ts';
import { findImage, objectMissing, proveObject, wrongSize } from './stored-object.ts';

export interface ObjectRoutesDeps {
  readonly pool: Pool;
  readonly bucket: Bucket;
  /** How long a client may stall while it reads. */
  readonly readIdleMs: number;
}

export function objectRoutes(deps: ObjectRoutesDeps): Route[] {
  const path = `${paths.object}{key}`;
  const answers = {
    200: { description: 'The bytes', contentType: 'image/*' },
    206: { description: 'A part of the bytes, as Range asked', contentType: 'image/*' },
    304: { description: 'The copy of the client is still right' },
  } as const;
  return [
    { method: 'get', path, summary: "An image's bytes", answers, handle: (req, res) => serve(deps, req, res) },
    {
      method: 'head',
      path,
      summary: "What GET would say of an image's bytes; proves that S3 has them",
      answers,
      handle: (req, res) => serve(deps, req, res),
    },
  ];
}

async function serve(deps: ObjectRoutesDeps, request: Request, response: Response): Promise<void> {
  const image = await findImage(deps.pool, keyOf(request));
  const validators = validatorsOf(image);
  if (isUnchanged(request.headers, validators)) {
    describe(response, image);
    response.status(304).end();
    return;
  }
  // Range is defined for GET only (RFC 9110, 14.2).
  const header = request.method === 'GET' ? applicableRange(request.headers, validators) : undefined;
  const wanted = parseRange(header, image.sizeBytes);
  switch (wanted.kind) {
    case 'outside':
      response.set('Content-Range', `bytes */${image.sizeBytes}`);
      throw new KeepsakeError('RangeNotSatisfiable', {
        what: 'the range lies outside of the image',
        expected: `bytes below ${image.sizeBytes}`,
        got: JSON.stringify(header),
        remedy: 'Ask for a range within Content-Length.',
      });
    case 'part':
      return send(deps, response, { image, part: wanted });
    case 'whole':
      if (request.method === 'GET') return send(deps, response, { image });
      await proveObject(deps, image);
      describe(response, image);
      response.set('Content-Length', String(image.sizeBytes)).end();
      return;
    default:
      assertNever(wanted);
  }
}

// The path as it was sent: a key of ours needs no escapes, so one that has any (`%2f`, `..`, `//`, NUL) is none (P7).
function keyOf(request: Request): string {
  const [path = ''] = request.originalUrl.split('?');
  const key = path.slice(paths.object.length);
  if (idOfKey(key) !== undefined) return key;
  throw new KeepsakeError('InvalidKey', {
    what: 'the path names no image',
    expected: `${paths.object}images/<id>.<ending>`,
    got: JSON.stringify(key.slice(0, 200)),
    remedy: 'Take the image_url of an image, unchanged.',
  });
}

/** The SHA-256 as ETag: it stays right when the object is restored, copied or moved. */
function validatorsOf({ sha256, uploadedAt }: StoredImage): Validators {
  return { etag: `"${sha256}"`, lastModified: new Date(Math.floor(uploadedAt.getTime() / 1000) * 1000) };
}

function describe(response: Response, image: StoredImage): void {
  const { etag, lastModified } = validatorsOf(image);
  response.set({
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, max-age=31536000, immutable', // the bytes under a key never change
    'Content-Disposition': 'inline',
    'Content-Security-Policy': imagePolicy,
    ETag: etag,
    'Last-Modified': lastModified.toUTCString(),
  });
  response.setHeader('Content-Type', image.contentType); // Express would add a charset to SVG
}

interface Sending {
  readonly image: StoredImage;
  /** The first and the last byte. @default the whole object */
  readonly part?: { readonly start: number; readonly end: number };
}

async function send(deps: ObjectRoutesDeps, response: Response, { image, part }: Sending): Promise<void> {
  const { client, name } = deps.bucket;
  const abort = new AbortController();
  response.once('close', () => abort.abort());
  const { start, end } = part ?? { start: 0, end: image.sizeBytes - 1 };
  const Range = part && `bytes=${start}-${end}`;
  const command = new GetObjectCommand({ Bucket: name, Key: image.key, Range });
  const answer = await client.send(command, { abortSignal: abort.signal }).catch(async (error: unknown) => {
    throw error instanceof NoSuchKey ? await objectMissing(deps.pool, image, error) : asS3Error(error, name);
  });
  const body = answer.Body as Readable;
  const lengthBytes = end - start + 1;
  if (answer.ContentLength !== lengthBytes) {
    body.destroy();
    throw wrongSize(image, lengthBytes, answer.ContentLength);
  }
  describe(response, image);
  if (part) response.status(206).set('Content-Range', `bytes ${start}-${end}/${image.sizeBytes}`);
  response.set('Content-Length', String(lengthBytes));
  response.setTimeout(deps.readIdleMs, () => response.destroy());
  // Either side's end ends the other: a client that leaves stops the read from S3, a read that breaks cuts the answer.
  await new Promise<void>((resolve) => pipeline(body, response, () => resolve()));
}
