// The emulator's answers: S3's errors and XML documents.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { escapeXml } from '../../keeper/s3/xml.ts';

/** An error as S3 sends it. Thrown by the requests, answered by the server. */
export class S3Fault extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const faults = {
  noSuchBucket: () => new S3Fault(404, 'NoSuchBucket', 'The specified bucket does not exist'),
  noSuchKey: () => new S3Fault(404, 'NoSuchKey', 'The specified key does not exist.'),
  noSuchUpload: () => new S3Fault(404, 'NoSuchUpload', 'The specified multipart upload does not exist.'),
  preconditionFailed: () =>
    new S3Fault(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold'),
  invalidArgument: (message: string) => new S3Fault(400, 'InvalidArgument', message),
  invalidRequest: (message: string) => new S3Fault(400, 'InvalidRequest', message),
  notImplemented: (what: string) =>
    new S3Fault(501, 'NotImplemented', `The embedded S3 has no ${what}. Use LocalStack: set AWS_S3_ENDPOINT_URL.`),
} as const;

/** One element: text is escaped, nested elements are passed as `xml` made before. */
export function element(name: string, content: string | number | boolean | readonly string[]): string {
  const inner = Array.isArray(content) ? content.join('') : escapeXml(String(content));
  return `<${name}>${inner}</${name}>`;
}

const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** Answers 200 with a document. */
export function sendXml(
  res: ServerResponse,
  root: string,
  content: readonly string[],
  headers: OutgoingHttpHeaders = {},
): void {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<${root} ${namespace}>${content.join('')}</${root}>`;
  res.writeHead(200, { ...headers, 'content-type': 'application/xml', 'content-length': Buffer.byteLength(xml) });
  res.end(xml);
}

/** Answers with no body. */
export function sendEmpty(res: ServerResponse, status: number, headers: OutgoingHttpHeaders = {}): void {
  res.writeHead(status, status === 204 ? headers : { ...headers, 'content-length': 0 });
  res.end();
}

/** Answers an error. When the answer has begun, the connection is cut: a cut body is not taken for a whole one. */
export function sendFault(res: ServerResponse, fault: S3Fault, resource: string): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${[
    element('Code', fault.code),
    element('Message', fault.message),
    element('Resource', resource),
    element('RequestId', 'embedded'),
  ].join('')}</Error>`;
  res.writeHead(fault.status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(xml) });
  res.end(res.req.method === 'HEAD' ? undefined : xml);
}
