// Settings of the API. Read once at start, all faults at once; the rest of the part gets the frozen value.
import {
  durationSetting,
  type Environment,
  integerSetting,
  portSetting,
  readSettings,
  readTogether,
  type Setting,
  sizeSetting,
  textSetting,
} from '../shared/config.ts';
import type { ErrorDetail } from '../shared/errors.ts';
import { logSettings } from '../shared/log-settings.ts';
import { ports } from '../shared/names.ts';
import { databaseSettings, readDatabaseUrl } from '../shared/postgres-settings.ts';
import { readS3Config, type S3Config, s3Settings } from '../shared/s3/settings.ts';
import { partBytes } from './images/parts.ts';

const MiB = 1024 ** 2;

export const appSettings = {
  host: textSetting('HOST', 'address the API listens on', { fallback: '127.0.0.1' }),
  port: portSetting('PORT', 'port the API listens on', { fallback: ports.api }),
  maxUploadBytes: sizeSetting('MAX_UPLOAD_SIZE', 'the largest image that is taken', { fallback: 100 * MiB }),
  maxConcurrentUploads: integerSetting(
    'MAX_CONCURRENT_UPLOADS',
    'uploads at once in this process; each holds up to 15 MiB',
    { min: 1, max: 10_000 },
    { fallback: 32 },
  ),
  maxImagePixels: integerSetting(
    'MAX_IMAGE_PIXELS',
    'the most pixels (width × height) an image may have',
    { min: 1, max: 2 ** 31 - 1 },
    { fallback: 256_000_000 },
  ),
  maxImageMemoryBytes: sizeSetting(
    'MAX_IMAGE_MEMORY',
    'the most memory that decoding an image may take; images are decoded one at a time',
    { fallback: 384 * MiB },
  ),
  imageTimeoutMs: durationSetting('IMAGE_TIMEOUT', 'how long decoding an image may take', { fallback: 30_000 }),
  uploadGraceMs: durationSetting('UPLOAD_GRACE', 'age at which an upload that shows no life is ended', {
    fallback: 3_600_000,
  }),
  uploadIdleMs: durationSetting('UPLOAD_IDLE_TIMEOUT', 'how long a client may stall while it sends or reads', {
    fallback: 30_000,
  }),
  ...logSettings,
} as const;

const allSettings = { ...appSettings, ...databaseSettings, ...s3Settings } as const;

/** A setting as the debug view shows it: secrets masked, and where its value came from. */
export interface ShownSetting {
  readonly name: string;
  readonly value: string | null;
  readonly source: 'environment' | 'default';
  readonly meaning: string;
}

/** The API's settings. Sizes in bytes, times in milliseconds. */
export interface AppConfig {
  readonly host: string;
  readonly port: number;
  readonly maxUploadBytes: number;
  readonly maxConcurrentUploads: number;
  readonly maxImagePixels: number;
  readonly maxImageMemoryBytes: number;
  readonly imageTimeoutMs: number;
  readonly uploadGraceMs: number;
  readonly uploadIdleMs: number;
  readonly logLevel: string;
  readonly databaseUrl: string;
  readonly s3: S3Config;
  readonly shown: readonly ShownSetting[];
}

/** @throws KeepsakeError `InvalidSettings` that lists what can't be used. */
export function readAppConfig(env: Environment): AppConfig {
  const readOwn = () => readSettings(env, allSettings, checkLimits);
  const [values, databaseUrl, s3] = readTogether(env, [readOwn, readDatabaseUrl, readS3Config]);
  const { host, port, maxUploadBytes, maxConcurrentUploads, uploadGraceMs, uploadIdleMs, logLevel } = values;
  const { maxImagePixels, maxImageMemoryBytes, imageTimeoutMs } = values;
  return Object.freeze({
    host,
    port,
    maxUploadBytes,
    maxConcurrentUploads,
    maxImagePixels,
    maxImageMemoryBytes,
    imageTimeoutMs,
    uploadGraceMs,
    uploadIdleMs,
    logLevel,
    databaseUrl,
    s3,
    shown: Object.values(allSettings).map((setting) => show(setting, env)),
  });
}

// S3 takes at most 10,000 parts. Source: S3 user guide, "Multipart upload limits".
function checkLimits({ maxUploadBytes }: { readonly maxUploadBytes: number }): ErrorDetail[] {
  const largest = 10_000 * partBytes;
  if (maxUploadBytes > 0 && maxUploadBytes <= largest) return [];
  return [
    {
      what: "MAX_UPLOAD_SIZE can't be used",
      expected: `1 to ${largest} bytes`,
      got: String(maxUploadBytes),
      remedy: 'Set it to what S3 can take as one object in parts of 5 MiB.',
    },
  ];
}

function show({ name, meaning, isSecret, fallback }: Setting<unknown>, env: Environment): ShownSetting {
  const text = env[name]?.trim();
  if (!text) return { name, value: fallback === undefined ? null : String(fallback), source: 'default', meaning };
  return { name, value: maskUrl(text) ?? (isSecret ? '***' : text), source: 'environment', meaning };
}

// A URL may carry a password in its user part or its query: neither is shown, the rest helps.
function maskUrl(text: string): string | undefined {
  if (!text.includes('://') || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const user = url.username ? `${url.username}${url.password ? ':***' : ''}@` : '';
  return `${url.protocol}//${user}${url.host}${url.pathname}`;
}
