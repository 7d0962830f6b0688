// The states that every key of the object load may have: each request on it with its answer, judged when the key is
// quiet (test/model/). Keeps ids and digests, never bytes; what was judged goes to a file, so that a violation can be
// read from its first request on.
import { appendFileSync, readFileSync } from 'node:fs';
import type { Violation } from '../model/image-ledger.ts';
import { explain, type Operation } from '../model/linearizable.ts';
import { type Held, heldIn, nothing, seen, stateOf } from '../model/register.ts';
import type { Bodies, Body } from './object-bodies.ts';
import { described, type Shown } from './object-client.ts';

/** The result of a write, as far as it is known; a copy that was never answered may have taken any body. */
export interface Content {
  readonly body: Body | undefined;
  readonly etag: string | undefined;
}

/** The content of an answer. */
export interface Answer {
  readonly step: Operation['step'];
  readonly text: string;
  /** It changed nothing. */
  readonly isRead?: boolean;
  /** The writer it shows, null for absence; undefined when it shows neither. */
  readonly shows?: string | null;
}

/** A request under way on one key; exactly one of these ends it. */
export interface Open {
  answered(answer: Answer): void;
  /** It may have happened, now or later, or never. */
  unanswered(effect: Operation['step'] | undefined, reason: string): void;
  /** It never happened, or said nothing. */
  dropped(text: string): void;
}

export interface ObjectLedger {
  /** `who`: cycle and client; `what`: the request in words. */
  begin(key: string, who: string, what: string): Open;
  /** Notes that such a write was sent. */
  expect(key: string, writer: string, content: Content): void;
  content(key: string, writer: string): Content | undefined;
  /** ETags that the key has or had lately. */
  etags(key: string): readonly string[];
  /** Compares an answer with what its writer sent; `bytes`: of this answer, when it is not a whole object. */
  check(key: string, shown: Shown, expectedSha256?: (body: Body) => string): void;
  /** An answer that can't be: reported with the key's history. */
  report(kind: Violation['kind'], key: string, what: string): void;
  /** A line for the histories: a fault, its end. */
  note(text: string): void;
  /** Keys that something may have changed since they were judged. */
  changed(): readonly string[];
  /** Judges the key while no request on it is under way. `held`: what it holds now, when it was read. */
  judge(key: string, held: Held | undefined): void;
  /** All that was found since the last time, each with its key's history. */
  takeViolations(): readonly (Violation & { readonly history: readonly string[] })[];
}

interface Entry extends Operation {
  readonly line: string;
  readonly shows: string | null | undefined;
}

interface KeyRecord {
  state: string;
  entries: Entry[];
  isChanged: boolean;
  contents: Map<string, Content>;
  readonly everSent: Set<string>;
}

export function createObjectLedger(bodies: Bodies, historyFile: string): ObjectLedger {
  const records = new Map<string, KeyRecord>();
  const found: (Violation & { readonly key: string })[] = [];
  let now = 0;
  const recordOf = (key: string): KeyRecord => {
    const known = records.get(key);
    if (known) return known;
    const record = { state: nothing, entries: [], isChanged: false, contents: new Map(), everSent: new Set<string>() };
    records.set(key, record);
    return record;
  };
  const write = (key: string | null, lines: readonly string[]): void =>
    appendFileSync(historyFile, lines.map((line) => `${JSON.stringify(key)}\t${line}\n`).join(''));
  const historyOf = (key: string): readonly string[] => {
    const mine = `${JSON.stringify(key)}\t`;
    const lines = readFileSync(historyFile, 'utf8').split('\n');
    return lines
      .filter((line) => line.startsWith(mine) || line.startsWith('null\t'))
      .map((line) => line.slice(line.indexOf('\t') + 1));
  };
  const report: ObjectLedger['report'] = (kind, key, what) => void found.push({ kind, key, what: `${key}: ${what}` });

  return {
    report,
    begin(key, who, what) {
      const record = recordOf(key);
      const startedAt = ++now;
      const began = clock();
      const end = (text: string, entry: Omit<Entry, 'line' | 'startedAt' | 'endedAt'> | undefined, isOpen = false) => {
        const endedAt = ++now;
        const line = `[${startedAt}, ${isOpen ? '…' : endedAt}] ${began} to ${clock()} ${who} ${what}: ${text}`;
        if (entry === undefined) return write(key, [`${line} (proves nothing)`]);
        record.entries.push({ ...entry, startedAt, endedAt: isOpen ? undefined : endedAt, line });
        record.isChanged ||= !entry.isRead;
      };
      return {
        answered: ({ step, text, isRead = false, shows }) => end(text, { step, isRead, shows }),
        unanswered: (effect, reason) =>
          end(`no answer (${reason})`, effect && { step: effect, isRead: false, shows: undefined }, true),
        dropped: (text) => end(text, undefined),
      };
    },
    expect(key, writer, content) {
      const record = recordOf(key);
      record.contents.set(writer, content);
      record.everSent.add(writer);
    },
    content: (key, writer) => recordOf(key).contents.get(writer),
    etags: (key) => [...recordOf(key).contents.values()].flatMap(({ etag }) => etag ?? []),
    check(key, shown, expectedSha256 = (body) => body.sha256) {
      const record = recordOf(key);
      const sent = record.contents.get(shown.writer);
      if (sent === undefined) {
        // An older write's is refused by the order of things.
        if (!record.everSent.has(shown.writer))
          report('torn', key, `shows ${JSON.stringify(shown)}, which nobody sent here`);
        return;
      }
      const body = sent.body ?? bodies.byEtag(shown.etag);
      if (body === undefined) return report('torn', key, `has the ETag ${shown.etag}, which nobody sent`);
      const etag = sent.etag ?? shown.etag;
      record.contents.set(shown.writer, { body, etag });
      const { ContentType, Metadata } = described(shown.writer);
      const expected: Shown = {
        ...Metadata,
        etag,
        contentType: ContentType,
        sizeBytes: body.sizeBytes,
        sha256: shown.sha256 && expectedSha256(body),
      };
      if (Object.entries(expected).some(([name, value]) => shown[name as keyof Shown] !== value))
        report('torn', key, `shows ${JSON.stringify(shown)}, sent was ${JSON.stringify(expected)}`);
    },
    note: (text) => write(null, [`${clock()} ${text}`]),
    changed: () => [...records].filter(([, { isChanged }]) => isChanged).map(([key]) => key),
    judge(key, held) {
      const record = recordOf(key);
      const last = held === undefined ? [] : [observed(held, ++now, ++now)];
      const entries = [...record.entries, ...last];
      const explanation = explain(record.state, entries);
      if (explanation.kind === 'unexplained') {
        const { operation, before } = explanation;
        const possible = before.map(inWords).join(' or ');
        report(kindOf(operation, before, record), key, `${operation.line}; it could have held ${possible}`);
      }
      // Lists are asked for each of some 200 keys: only those that proved something are worth a line.
      const lines = entries.filter(({ line }) => explanation.kind === 'unexplained' || !line.includes(' list'));
      if (lines.length > 0)
        write(
          key,
          lines.map(({ line }) => line),
        );
      if (held !== undefined) {
        record.state = stateOf(held);
        record.contents = new Map([...record.contents].filter(([writer]) => writer === held?.writer));
        record.isChanged = false;
      }
      record.entries = [];
    },
    takeViolations: () => found.splice(0).map((violation) => ({ ...violation, history: historyOf(violation.key) })),
  };
}

function observed(held: Held, startedAt: number, endedAt: number): Entry {
  return {
    startedAt,
    endedAt,
    isRead: true,
    step: seen((other) => stateOf(other) === stateOf(held)),
    shows: held?.writer ?? null,
    line: `[${startedAt}, ${endedAt}] ${clock()} read while nothing else is under way: ${inWords(stateOf(held))}`,
  };
}

function kindOf({ shows }: Entry, before: readonly string[], { everSent }: KeyRecord): Violation['kind'] {
  if (shows === null || shows === undefined) return 'lost';
  const held = before.map(heldIn);
  if (held.every((one) => one === null)) return 'resurrected';
  if (held.some((one) => one?.writer === shows)) return 'torn'; // with the tags of another
  return everSent.has(shows) ? 'lost' : 'torn';
}

function inWords(state: string): string {
  const held = heldIn(state);
  return held === null ? 'nothing' : `${held.writer} with ${held.tags === '' ? 'no tags' : `the tags of ${held.tags}`}`;
}

function clock(): string {
  return new Date().toISOString().slice(11, 23);
}
