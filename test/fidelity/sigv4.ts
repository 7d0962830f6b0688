// Presigned URLs and POST forms, signed by hand: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
import { createHash, createHmac } from 'node:crypto';

const [accessKey, secretKey, region] = ['test', 'test', 'us-east-1'];

export interface PresignOptions {
  readonly method: string;
  readonly host: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly at: Date;
  readonly expiresSeconds: number;
  /** Further query parameters. */
  readonly query?: Readonly<Record<string, string>>;
}

/** Path and query of a presigned URL. */
export function presign({ method, host, path, at, expiresSeconds, query = {} }: PresignOptions): string {
  const time = timeOf(at);
  const params = {
    ...query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKey}/${scopeOf(time)}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(expiresSeconds),
    'X-Amz-SignedHeaders': 'host',
  };
  const canonicalQuery = Object.entries(params)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');
  const request = [method, path, canonicalQuery, `host:${host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const digest = createHash('sha256').update(request).digest('hex');
  const signature = sign(time, ['AWS4-HMAC-SHA256', time, scopeOf(time), digest].join('\n'));
  return `${path}?${canonicalQuery}&X-Amz-Signature=${signature}`;
}

/** The fields of a form that may be posted to `bucket`, signed over its policy. */
export function formFields(bucket: string, at: Date): Readonly<Record<string, string>> {
  const time = timeOf(at);
  const expiration = new Date(at.getTime() + 600_000).toISOString();
  const conditions = [{ bucket }, ['starts-with', '$key', ''], ['content-length-range', 0, 1024]];
  const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64');
  return {
    policy,
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${accessKey}/${scopeOf(time)}`,
    'x-amz-date': time,
    'x-amz-signature': sign(time, policy),
  };
}

const timeOf = (at: Date): string => at.toISOString().replace(/[-:]|\.\d+/g, '');
const scopeOf = (time: string): string => `${time.slice(0, 8)}/${region}/s3/aws4_request`;

function sign(time: string, text: string): string {
  const steps = [time.slice(0, 8), region, 's3', 'aws4_request', text];
  const key: string | Buffer = `AWS4${secretKey}`;
  return steps
    .reduce<string | Buffer>((by, step) => createHmac('sha256', by).update(step).digest(), key)
    .toString('hex');
}
