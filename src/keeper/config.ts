// Settings of the keeper: one line a variable.
import {
  durationSetting,
  type Environment,
  optionalUrl,
  portSetting,
  readSettings,
  sizeSetting,
  textSetting,
} from '../shared/config.ts';
import { ports } from '../shared/names.ts';
import type { DiskSpace } from './store/disk-guard.ts';

/** Room for the log of the database, and for what goes on when nothing more is taken. */
export const defaultMinFreeBytes = 128 * 1024 ** 2;

export const keeperSettings = {
  port: portSetting('S3_PORT', 'port that S3 clients talk to', { fallback: ports.s3 }),
  host: textSetting('KEEPER_HOST', 'address to listen on; 0.0.0.0 in a container', { fallback: '127.0.0.1' }),
  upstreamUrl: optionalUrl('KEEPER_UPSTREAM_URL', 'where the S3 emulator answers; default http://127.0.0.1:4567', [
    'http:',
  ]),
  folder: textSetting('KEEPER_DATA', 'folder of the durable store', { fallback: '.keepsake/keeper' }),
  retentionMs: durationSetting('KEEPER_RETENTION', 'how long overwritten and deleted objects are kept', {
    fallback: 7 * 86_400_000,
  }),
  retentionBytes: sizeSetting('KEEPER_RETENTION_SIZE', 'bound on the bytes of overwritten and deleted objects', {
    fallback: 10 * 1024 ** 3,
  }),
  minFreeBytes: sizeSetting('KEEPER_MIN_FREE', 'free space on its disk below which what needs space is refused (507)', {
    fallback: defaultMinFreeBytes,
  }),
} as const;

export interface KeeperConfig {
  readonly port: number;
  readonly host: string;
  /** URL of the emulator, without a path. */
  readonly upstreamUrl: string;
  readonly folder: string;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  /** Free space on its disk below which what needs space is refused. @default 128 MiB */
  readonly minFreeBytes?: number;
  /** Tells the space of that disk. @default statfs(2) of the folder */
  readonly readDiskSpace?: () => Promise<DiskSpace>;
  /** The emulator's session, from whoever runs it in this process: another value after each start. @default asked for over HTTP */
  readonly session?: () => string | Promise<string>;
  /** How often an idle emulator is asked for its session. @default 1 s */
  readonly probeMs?: number;
  /** How long the emulator may take to tell its session before it counts as hung. @default 10 s */
  readonly probeTimeoutMs?: number;
  /** How long nothing may come of a body; see `watchBody`. @default 4 s */
  readonly silentMs?: number;
}

/** @throws KeepsakeError `InvalidSettings` with all faults. */
export function readKeeperConfig(env: Environment): KeeperConfig {
  const { upstreamUrl = `http://127.0.0.1:${ports.emulator}`, ...rest } = readSettings(
    env,
    keeperSettings,
    ({ upstreamUrl }) =>
      upstreamUrl === undefined || new URL(upstreamUrl).pathname === '/'
        ? []
        : [
            {
              what: 'KEEPER_UPSTREAM_URL has a path',
              expected: 'http://host:port',
              got: JSON.stringify(upstreamUrl),
              remedy: 'Set it to the root of the emulator: a bucket is part of each request.',
            },
          ],
  );
  return Object.freeze({ ...rest, upstreamUrl });
}
