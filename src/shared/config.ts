// One reader for settings: a part lists its variables (name, default, meaning), and gets a frozen typed value or one
// error with all faults. Secrets are never part of a message. `process.env` is read by the mains only and passed in.
import { type ErrorDetail, KeepsakeError } from './errors.ts';

/** The environment as a value: usually `process.env`. An empty string counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One variable. `parse` throws an Error whose message says what it expected. Units belong to `meaning`. */
export interface Setting<T> {
  readonly name: string;
  readonly meaning: string;
  readonly fallback: T | undefined;
  readonly isRequired: boolean;
  readonly isSecret: boolean;
  readonly expected: string;
  readonly parse: (text: string) => T;
}

interface SettingOptions<T> {
  /** Value when the variable is not set. @default none: the variable is required */
  readonly fallback?: T;
  /** Whether it may be absent without a fallback. @default false */
  readonly isOptional?: boolean;
  /** Whether its value must never be shown. @default false */
  readonly isSecret?: boolean;
}

function setting<T>(
  name: string,
  meaning: string,
  expected: string,
  parse: (text: string) => T,
  options: SettingOptions<T>,
): Setting<T> {
  const { fallback, isOptional = false, isSecret = false } = options;
  return { name, meaning, expected, parse, fallback, isSecret, isRequired: fallback === undefined && !isOptional };
}

export function textSetting(name: string, meaning: string, options: SettingOptions<string> = {}): Setting<string> {
  return setting(name, meaning, 'a text', (text) => text, options);
}

/** A text that may be absent. */
export function optionalText(
  name: string,
  meaning: string,
  options: { readonly isSecret?: boolean } = {},
): Setting<string | undefined> {
  return setting<string | undefined>(name, meaning, 'a text', (text) => text, { ...options, isOptional: true });
}

export function choiceSetting<const T extends string>(
  name: string,
  meaning: string,
  choices: readonly T[],
  options: SettingOptions<T> = {},
): Setting<T> {
  const expected = `one of ${choices.join(', ')}`;
  return setting(name, meaning, expected, (text) => choices.find((choice) => choice === text) ?? reject(), options);
}

export function booleanSetting(name: string, meaning: string, options: SettingOptions<boolean> = {}): Setting<boolean> {
  const words: Readonly<Record<string, boolean>> = {
    true: true,
    1: true,
    yes: true,
    on: true,
    false: false,
    0: false,
    no: false,
    off: false,
  };
  return setting(name, meaning, 'true or false', (text) => words[text.toLowerCase()] ?? reject(), options);
}

/** A whole number between `min` and `max`, both included. */
export function integerSetting(
  name: string,
  meaning: string,
  range: { readonly min: number; readonly max: number },
  options: SettingOptions<number> = {},
): Setting<number> {
  const parse = (text: string): number => {
    const value = Number(text);
    return /^-?\d+$/.test(text) && value >= range.min && value <= range.max ? value : reject();
  };
  return setting(name, meaning, `a whole number from ${range.min} to ${range.max}`, parse, options);
}

export function portSetting(name: string, meaning: string, options: SettingOptions<number> = {}): Setting<number> {
  return integerSetting(name, meaning, { min: 0, max: 65_535 }, options);
}

/** An absolute URL of one of the given protocols (with colon: `http:`), without a trailing slash. */
export function optionalUrl(
  name: string,
  meaning: string,
  protocols: readonly string[],
  options: { readonly isSecret?: boolean } = {},
): Setting<string | undefined> {
  const expected = `a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  const parse = (text: string): string =>
    URL.canParse(text) && protocols.includes(new URL(text).protocol) ? text.replace(/\/+$/, '') : reject();
  return setting<string | undefined>(name, meaning, expected, parse, { ...options, isOptional: true });
}

/** A time such as `90s`, `15m`, `1h`, `7d` or `250ms`; a bare `0` too. The value is in milliseconds. */
export function durationSetting(name: string, meaning: string, options: SettingOptions<number> = {}): Setting<number> {
  return setting(name, meaning, durationExpected, (text) => parseDurationMs(text) ?? reject(), options);
}

export const durationExpected = 'a time such as 90s, 15m, 1h or 7d';

/** Milliseconds of a time such as `90s`, `15m`, `1h`, `7d`, `250ms` or `0`; undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (!match) return undefined;
  const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  return Number(match[1]) * (unitMs[match[2] ?? ''] ?? Number.NaN);
}

/** A size such as `64KiB`, `50MiB`, `10GiB` or a bare number. The value is in bytes. */
export function sizeSetting(name: string, meaning: string, options: SettingOptions<number> = {}): Setting<number> {
  const parse = (text: string): number => {
    const match = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB)?$/.exec(text);
    if (!match) return reject();
    return Math.floor(Number(match[1]) * 1024 ** ['B', 'KiB', 'MiB', 'GiB', 'TiB'].indexOf(match[2] ?? 'B'));
  };
  return setting(name, meaning, 'a size in bytes, or with KiB, MiB, GiB or TiB', parse, options);
}

type SettingValues<S extends Readonly<Record<string, Setting<unknown>>>> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/**
 * Reads all settings of a part. `check` sees the parsed values and returns a fault for each conflict among them.
 * @throws KeepsakeError `InvalidSettings`, one message that lists every fault.
 */
export function readSettings<const S extends Readonly<Record<string, Setting<unknown>>>>(
  env: Environment,
  settings: S,
  check: (values: SettingValues<S>) => readonly ErrorDetail[] = () => [],
): SettingValues<S> {
  const faults: ErrorDetail[] = [];
  const values: Record<string, unknown> = {};
  for (const [field, one] of Object.entries(settings)) {
    const text = env[one.name]?.trim();
    if (!text) {
      if (one.isRequired)
        faults.push({
          what: `${one.name} is not set`,
          expected: one.expected,
          remedy: `Set ${one.name}: ${one.meaning}`,
        });
      values[field] = one.fallback;
      continue;
    }
    try {
      values[field] = one.parse(text);
    } catch {
      faults.push({
        what: `${one.name} can't be used`,
        expected: one.expected,
        got: one.isSecret ? 'something else (not shown)' : JSON.stringify(text),
        remedy: `${one.name}: ${one.meaning}`,
      });
    }
  }
  const typed = Object.freeze(values) as SettingValues<S>;
  if (faults.length === 0) faults.push(...check(typed));
  if (faults.length > 0) throw settingsError(faults);
  return typed;
}

/**
 * Calls all readers, so that a person sees the faults of every part at once. One that parts share is told once.
 * @throws KeepsakeError `InvalidSettings` with all faults, or the first error that is no such one.
 */
export function readTogether<const R extends readonly ((env: Environment) => unknown)[]>(
  env: Environment,
  readers: R,
): { readonly [K in keyof R]: ReturnType<R[K]> } {
  const faults = new Map<string, ErrorDetail>();
  const values = readers.map((read) => {
    try {
      return read(env);
    } catch (error) {
      const found = error instanceof KeepsakeError ? faultsOf.get(error) : undefined;
      if (found === undefined) throw error;
      for (const fault of found) faults.set(fault.what, fault);
      return undefined;
    }
  });
  if (faults.size > 0) throw settingsError([...faults.values()]);
  return values as { readonly [K in keyof R]: ReturnType<R[K]> };
}

/** The single faults behind each error of a reader. */
const faultsOf = new WeakMap<KeepsakeError, readonly ErrorDetail[]>();

function settingsError(faults: readonly ErrorDetail[]): KeepsakeError {
  const error = new KeepsakeError('InvalidSettings', asOneDetail(faults));
  faultsOf.set(error, faults);
  return error;
}

function asOneDetail(faults: readonly ErrorDetail[]): ErrorDetail {
  const [first] = faults;
  if (first && faults.length === 1) return first;
  const lines = faults.map((fault) => `\n  - ${new KeepsakeError('InvalidSettings', fault).message}`).join('');
  return { what: `${faults.length} settings can't be used:${lines}\n` };
}

function reject(): never {
  throw new Error('not of the expected form');
}
