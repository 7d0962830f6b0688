// Settings: can all be read, and does what they promise happen? Persistence settings of LocalStack are the classic that
// does nothing without a licence.
import { readAppConfig } from '../../app/index.ts';
import { readEmbeddedConfig } from '../../embedded/index.ts';
import { readKeeperConfig } from '../../keeper/index.ts';
import { readReconcilerConfig } from '../../reconciler/index.ts';
import type { Environment } from '../../shared/config.ts';
import { type Diagnosis, faultOf, note, ok } from './diagnosis.ts';

/** One diagnosis for each part's settings that can't be read, else one for all. */
export function diagnoseSettings(env: Environment): readonly Diagnosis[] {
  const readers = [readEmbeddedConfig, readKeeperConfig, readReconcilerConfig, readAppConfigWithoutDatabase];
  const faults = new Map<string, Diagnosis>();
  for (const read of readers) {
    try {
      read(env);
    } catch (error) {
      const one = faultOf('settings', error);
      faults.set(one.detail, one); // parts share settings: each fault once
    }
  }
  return faults.size > 0 ? [...faults.values()] : [ok('settings', 'all can be read')];
}

// That no database is set is told by the check of the database.
function readAppConfigWithoutDatabase(env: Environment): void {
  readAppConfig({ ...env, DATABASE_URL: env.DATABASE_URL || 'postgres://localhost/none' });
}

const persistenceNames = ['PERSISTENCE', 'SNAPSHOT_SAVE_STRATEGY', 'SNAPSHOT_LOAD_STRATEGY', 'DATA_DIR'] as const;

/** Persistence settings that LocalStack ignores without a licence. Null: nothing to say. */
export function diagnosePersistence(env: Environment, emulator: EmulatorInfo | undefined): Diagnosis | null {
  const set = persistenceNames.filter((name) => env[name]);
  if (set.length === 0 && emulator?.kind !== 'localstack') return null;
  const isLicensed = emulator?.isLicensed ?? Boolean(env.LOCALSTACK_AUTH_TOKEN);
  if (isLicensed) return ok('persistence', 'LocalStack has a licence: its own persistence works');
  if (emulator?.hasKeeper) return ok('persistence', 'the keeper keeps what LocalStack forgets');
  const what = set.length > 0 ? `${set.join(', ')} set, but` : 'LocalStack runs and';
  return note(
    'persistence',
    `${what} without a paid licence LocalStack keeps nothing over a restart (measured on 4.14.0)`,
    'Put the keeper in front of it (keepsake keeper run), or use npm start.',
  );
}

/** The program that answers as S3, beyond S3's own words. */
export interface EmulatorInfo {
  readonly kind: 'localstack' | 'other';
  readonly isLicensed: boolean;
  readonly hasKeeper: boolean;
}
