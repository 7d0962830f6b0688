// The settings of `npm start`. Without any, everything is brought along; DATABASE_URL and AWS_S3_ENDPOINT_URL replace
// the embedded Postgres and S3 each.
import path from 'node:path';
import {
  durationSetting,
  type Environment,
  portSetting,
  readSettings,
  readTogether,
  textSetting,
} from '../shared/config.ts';
import { type LogLevel, readLogLevel } from '../shared/log-settings.ts';
import { ports } from '../shared/names.ts';
import { databaseSettings } from '../shared/postgres-settings.ts';
import { readS3Config, type S3Config, s3Settings } from '../shared/s3/settings.ts';

export const embeddedSettings = {
  port: portSetting('PORT', 'port of the page and the API', { fallback: ports.api }),
  s3Port: portSetting('S3_PORT', 'port of the embedded S3', { fallback: ports.s3 }),
  folder: textSetting('KEEPSAKE_DATA', 'folder that holds everything to be kept', { fallback: '.keepsake' }),
  integrityIntervalMs: durationSetting('INTEGRITY_INTERVAL', 'time between two integrity checks; 0: only at start', {
    fallback: 300_000,
  }),
  databaseUrl: databaseSettings.databaseUrl,
  s3Endpoint: s3Settings.endpoint,
  useLocalStack: s3Settings.useLocalStack,
} as const;

export interface EmbeddedConfig {
  readonly port: number;
  readonly s3Port: number;
  /** Absolute path of the data folder. */
  readonly folder: string;
  readonly integrityIntervalMs: number;
  readonly logLevel: LogLevel;
  /** Where Postgres is; undefined: the embedded one. */
  readonly databaseUrl: string | undefined;
  /** Whether S3 is brought along: no endpoint is given, and AWS isn't meant. */
  readonly isS3Embedded: boolean;
  /** The S3 settings as given. With an embedded S3 the endpoint is only known once it listens. */
  readonly s3: S3Config;
  /** The environment the settings were read from: what the parts read their own settings from. */
  readonly env: Environment;
}

/** @throws KeepsakeError `InvalidSettings` with all faults. */
export function readEmbeddedConfig(env: Environment): EmbeddedConfig {
  const readOwn = () =>
    readSettings(env, embeddedSettings, ({ port, s3Port }) =>
      port === s3Port && port !== 0
        ? [{ what: `PORT and S3_PORT are both ${port}`, remedy: 'Give the page and the S3 a port each.' }]
        : [],
    );
  const [read, s3, logLevel] = readTogether(env, [readOwn, readS3Config, readLogLevel]);
  return Object.freeze({
    port: read.port,
    s3Port: read.s3Port,
    folder: path.resolve(read.folder),
    integrityIntervalMs: read.integrityIntervalMs,
    logLevel,
    databaseUrl: read.databaseUrl,
    isS3Embedded: read.useLocalStack && read.s3Endpoint === undefined,
    s3,
    env,
  });
}
