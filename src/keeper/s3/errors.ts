// The keeper's own answers to S3 clients: XML as S3 sends it, with the remedy in the message.
import type { ServerResponse } from 'node:http';
import type { KeepsakeError } from '../../shared/errors.ts';
import { escapeXml } from './xml.ts';

/** An error in S3's words. `retryAfter` in seconds. */
export interface S3Error {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfter?: number;
}

/** P3: while it isn't known that every acknowledged object is there, nothing is answered but this. */
export function notReady(what: string): S3Error {
  return {
    status: 503,
    code: 'ServiceUnavailable',
    message: `${what}. Try again in a moment; see /_keeper/status.`,
    retryAfter: 1,
  };
}

export function notKept(what: string, remedy: string): S3Error {
  return { status: 501, code: 'NotImplemented', message: `Refused by the Keepsake keeper: ${what}. ${remedy}` };
}

export const invalidUri: S3Error = {
  status: 400,
  code: 'InvalidURI',
  message: "Couldn't parse the specified URI: a path must be percent-encoded UTF-8.",
};

export const malformedXml: S3Error = {
  status: 400,
  code: 'MalformedXML',
  message: 'The XML you provided was not well-formed or did not validate against our published schema',
};

export const noSuchUpload: S3Error = {
  status: 404,
  code: 'NoSuchUpload',
  message:
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
};

/** A fault of ours as S3 would say it: what a client may repeat is a 503, what a person must mend is not. */
export function s3ErrorOf(error: KeepsakeError): S3Error {
  switch (error.code) {
    case 'DiskFull':
      return { status: 507, code: 'InsufficientStorage', message: error.message };
    case 'KeeperRestoring':
      return notReady(error.detail.what);
    case 'BadRequest':
      return { status: 400, code: 'InvalidRequest', message: error.message };
    default:
      return error.kind === 'retry'
        ? notReady(error.detail.what)
        : { status: 500, code: 'InternalError', message: error.message };
  }
}

/** Whether a 200's body is an error after all (CopyObject, CompleteMultipartUpload). */
export function isErrorBody(body: Buffer): boolean {
  return /^\s*(<\?xml[^>]*>\s*)?<Error\b/.test(body.subarray(0, 512).toString('latin1'));
}

const sentCodes = new WeakMap<ServerResponse, string>();

/** The code of the error that was sent as this answer; undefined when what was sent is not ours. */
export function sentErrorCode(res: ServerResponse): string | undefined {
  return sentCodes.get(res);
}

/** Sends an S3 error. When the answer has begun already the connection is cut: a client must not take it for whole. */
export function sendS3Error(res: ServerResponse, error: S3Error, resource: string): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  sentCodes.set(res, error.code);
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message><Resource>${escapeXml(resource)}</Resource><RequestId>keepsake</RequestId></Error>`;
  if (error.retryAfter !== undefined) res.setHeader('retry-after', error.retryAfter);
  res.writeHead(error.status, {
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(xml),
  });
  res.end(res.req.method === 'HEAD' ? undefined : xml);
}
