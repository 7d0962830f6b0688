// Where S3 is, by the names people know. Loads no SDK: a part that only reads settings starts fast.
import {
  booleanSetting,
  type Environment,
  optionalText,
  optionalUrl,
  portSetting,
  readSettings,
  textSetting,
} from '../config.ts';

/** Settings of S3, with the names people know. Spread into a part's own settings, whose `port` is another. */
export const s3Settings = {
  useLocalStack: booleanSetting('USE_LOCALSTACK', 'true for LocalStack or another emulator, false for AWS', {
    fallback: true,
  }),
  endpoint: optionalUrl(
    'AWS_S3_ENDPOINT_URL',
    'where S3 answers; default http://127.0.0.1:$S3_PORT with USE_LOCALSTACK, else AWS',
    ['http:', 'https:'],
  ),
  s3Port: portSetting('S3_PORT', 'port of the local S3', { fallback: 4566 }),
  accessKeyId: optionalText(
    'AWS_ACCESS_KEY_ID',
    'access key; default: test for LocalStack, the credential chain for AWS',
  ),
  secretAccessKey: optionalText('AWS_SECRET_ACCESS_KEY', 'secret key, with AWS_ACCESS_KEY_ID', { isSecret: true }),
  sessionToken: optionalText('AWS_SESSION_TOKEN', 'session token of temporary credentials', { isSecret: true }),
  bucket: textSetting('AWS_STORAGE_BUCKET_NAME', 'the bucket that holds the images', { fallback: 'my-test-bucket' }),
  region: textSetting('AWS_REGION', 'region of the bucket', { fallback: 'us-east-1' }),
} as const;

/** Where S3 is and who asks. `endpoint` undefined: AWS. `credentials` undefined: the SDK's default chain. */
export interface S3Config {
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly bucket: string;
  readonly credentials:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined;
}

/**
 * Reads the S3 settings.
 * @throws KeepsakeError `InvalidSettings` with all faults: half a key pair, a bucket name S3 can't have, a password in the endpoint.
 */
export function readS3Config(env: Environment): S3Config {
  const read = readSettings(env, s3Settings, ({ bucket, endpoint, accessKeyId, secretAccessKey }) => [
    ...(isBucketName(bucket)
      ? []
      : [
          {
            what: "AWS_STORAGE_BUCKET_NAME can't be a bucket's name",
            expected: '3 to 63 lowercase letters, digits, dots and hyphens',
            got: JSON.stringify(bucket),
            remedy: 'Set it to the name of your bucket, such as my-test-bucket.',
          },
        ]),
    ...(endpoint === undefined || (new URL(endpoint).username === '' && new URL(endpoint).password === '')
      ? []
      : [
          {
            what: 'AWS_S3_ENDPOINT_URL carries a user or a password',
            expected: 'a URL without them',
            remedy: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead.',
          },
        ]),
    ...((accessKeyId === undefined) === (secretAccessKey === undefined)
      ? []
      : [
          {
            what: 'half a key pair is set',
            expected: 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, both or neither',
            remedy: 'Set the other one too, or unset both to use the default credential chain.',
          },
        ]),
  ]);
  const endpoint = read.endpoint ?? (read.useLocalStack ? `http://127.0.0.1:${read.s3Port}` : undefined);
  return Object.freeze({ endpoint, region: read.region, bucket: read.bucket, credentials: credentialsOf(read) });
}

interface CredentialSettings {
  readonly useLocalStack: boolean;
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  readonly sessionToken: string | undefined;
}

function credentialsOf({
  useLocalStack,
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: CredentialSettings): S3Config['credentials'] {
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  return useLocalStack ? { accessKeyId: 'test', secretAccessKey: 'test' } : undefined;
}

/** Whether S3 takes this as a bucket's name. Source: S3 user guide, "Bucket naming rules" (the rules that emulators share). */
export function isBucketName(name: string): boolean {
  return /^(?=.{3,63}$)[a-z0-9](?:[a-z0-9-]|\.(?!\.))*[a-z0-9]$/.test(name) && !/^\d+\.\d+\.\d+\.\d+$/.test(name);
}
