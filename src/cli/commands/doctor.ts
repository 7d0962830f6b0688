// `keepsake doctor`: looks at everything the system stands on; each fault with its remedy. Exit code 1 when there is one.
import type { Context } from '../context.ts';
import { diagnoseDatabase } from '../doctor/database.ts';
import type { Diagnosis } from '../doctor/diagnosis.ts';
import { diagnoseMachine } from '../doctor/machine.ts';
import { diagnoseS3 } from '../doctor/s3.ts';
import { diagnosePersistence, diagnoseSettings } from '../doctor/settings.ts';
import { findSystem, type System } from '../system.ts';
import { countOf } from '../words.ts';

export async function doctor(context: Context): Promise<number> {
  const diagnoses = await examine(context);
  for (const one of diagnoses) print(context, one);
  const faults = diagnoses.filter(({ state }) => state === 'fault').length;
  context.print(faults === 0 ? '\nNothing is broken.' : `\n${countOf(faults, 'fault')} found.`);
  context.printJson({ faults, diagnoses });
  return faults === 0 ? 0 : 1;
}

async function examine({ env }: Context): Promise<readonly Diagnosis[]> {
  const settings = diagnoseSettings(env);
  const system = tryFindSystem(env);
  if (!system) return settings; // its own settings can't be read: said by then
  const [s3, database] = await Promise.all([diagnoseS3(system.s3), diagnoseDatabase(system)]);
  const persistence = diagnosePersistence(env, s3.emulator);
  return [
    ...diagnoseMachine(env, system),
    ...settings,
    ...s3.diagnoses,
    ...(persistence ? [persistence] : []),
    ...database,
  ];
}

function tryFindSystem(env: Context['env']): System | undefined {
  try {
    return findSystem(env);
  } catch {
    return undefined; // unreadable settings: diagnoseSettings names them
  }
}

function print({ print, style }: Context, { name, state, detail, remedy }: Diagnosis): void {
  const signs = {
    ok: style('green', '✓'),
    note: style('yellow', '!'),
    fault: style('red', '✗'),
    skipped: '–',
  } as const;
  print(`${signs[state]} ${name.padEnd(14)} ${detail}`);
  if (remedy) print(`  ${' '.repeat(14)} ${style('dim', '→')} ${remedy}`);
}
