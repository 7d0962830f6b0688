// This machine: Node, the data folder and its disk, a running `npm start`.
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import path from 'node:path';
import type { Environment } from '../../shared/config.ts';
import { reasonOf } from '../../shared/errors.ts';
import type { System } from '../system.ts';
import { sizeOf } from '../words.ts';
import { type Diagnosis, fault, note, ok } from './diagnosis.ts';

const lowBytes = 1024 ** 3;
const emptyBytes = 64 * 1024 ** 2;

export function diagnoseMachine(env: Environment, { running }: System): readonly Diagnosis[] {
  const folder = path.resolve(env.KEEPSAKE_DATA || '.keepsake');
  return [
    ok('node', process.version),
    running
      ? ok('npm start', `process ${running.pid} at ${running.apiUrl}, since ${running.startedAt}`)
      : ok('npm start', `none runs on ${folder}`),
    diagnoseFolder(folder),
    diagnoseDisk(folder),
  ];
}

function diagnoseFolder(folder: string): Diagnosis {
  try {
    accessSync(nearestExisting(folder), constants.R_OK | constants.W_OK | constants.X_OK);
    return ok('data folder', existsSync(folder) ? folder : `${folder} (to be made)`);
  } catch (error) {
    return fault(
      'data folder',
      `${folder} can't be written: ${reasonOf(error)}`,
      'Set KEEPSAKE_DATA to a folder that you may write to.',
    );
  }
}

function diagnoseDisk(folder: string): Diagnosis {
  try {
    const { bavail, bsize } = statfsSync(nearestExisting(folder));
    const freeBytes = bavail * bsize;
    const detail = `${sizeOf(freeBytes)} free`;
    const remedy = 'Free some space, or set KEEPSAKE_DATA to a folder on another disk.';
    if (freeBytes < emptyBytes) return fault('disk', detail, remedy);
    return freeBytes < lowBytes ? note('disk', detail, remedy) : ok('disk', detail);
  } catch (error) {
    return fault('disk', `its free space can't be told: ${reasonOf(error)}`, 'Set KEEPSAKE_DATA to a usable folder.');
  }
}

function nearestExisting(folder: string): string {
  return existsSync(folder) || path.dirname(folder) === folder ? folder : nearestExisting(path.dirname(folder));
}
