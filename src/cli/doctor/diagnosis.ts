// The result of a doctor's check, and how a thrown error becomes one.
import { asKeepsakeError, type KeepsakeError } from '../../shared/errors.ts';

/** `note`: nothing is broken, but worth knowing. `skipped`: could not be looked at, because something else is broken. */
export interface Diagnosis {
  readonly name: string;
  readonly state: 'ok' | 'note' | 'fault' | 'skipped';
  readonly detail: string;
  readonly remedy?: string;
}

export function ok(name: string, detail: string): Diagnosis {
  return { name, state: 'ok', detail };
}

export function note(name: string, detail: string, remedy: string): Diagnosis {
  return { name, state: 'note', detail, remedy };
}

export function fault(name: string, detail: string, remedy: string): Diagnosis {
  return { name, state: 'fault', detail, remedy };
}

export function skipped(name: string, detail: string): Diagnosis {
  return { name, state: 'skipped', detail };
}

/** The diagnosis of an error of the catalogue: its facts and its remedy. */
export function faultOf(name: string, thrown: unknown): Diagnosis {
  const { detail }: KeepsakeError = asKeepsakeError(thrown);
  const facts = [detail.what, detail.expected && `expected ${detail.expected}`, detail.got && `got ${detail.got}`];
  return fault(
    name,
    facts.filter(Boolean).join(', '),
    detail.remedy?.replace(' (npm run doctor)', '') ?? 'Run again with --verbose.',
  );
}

/** The finding of `look` finds, or its error as a fault. */
export async function diagnose(name: string, look: () => Promise<Diagnosis>): Promise<Diagnosis> {
  try {
    return await look();
  } catch (error) {
    return faultOf(name, error);
  }
}
