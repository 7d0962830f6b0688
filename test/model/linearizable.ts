// Whether some order of concurrent operations explains all their answers (linearizability, for one key). An operation
// that was answered happened at one moment between its start and its answer; one that never was, at any moment since
// its start, or never. The search follows time and decides an order only where an answer demands one ("just in time").

/** The effect of one request, as its client knows it. Times are the order of events; no two are the same. */
export interface Operation {
  readonly startedAt: number;
  /** Undefined: never answered. */
  readonly endedAt: number | undefined;
  /** It changes nothing; never answered, it proves nothing and is left out. */
  readonly isRead: boolean;
  /** The state after it; undefined when its answer can't come of the state before. For a read: the same state. */
  readonly step: (before: string) => string | undefined;
}

export type Explanation<Op extends Operation> =
  /** The states that may hold after the last answer, the likely first; an unanswered operation may still change them. */
  | { readonly kind: 'explained'; readonly states: readonly string[] }
  /** No order explains this answer, given those before it; `before`: the states that could have held just before. */
  | { readonly kind: 'unexplained'; readonly operation: Op; readonly before: readonly string[] };

/** One way in which all may have gone so far. */
interface Path<Op> {
  readonly state: string;
  /** Operations that happened and are not answered yet, by `startedAt`. */
  readonly happened: ReadonlySet<Op>;
}

/** Pure. `initial`: the state before the first of them. */
export function explain<Op extends Operation>(initial: string, operations: readonly Op[]): Explanation<Op> {
  const known = operations.filter(({ isRead, endedAt }) => !isRead || endedAt !== undefined);
  const open = new Set<Op>();
  let paths: readonly Path<Op>[] = [{ state: initial, happened: new Set() }];
  for (const event of eventsOf(known)) {
    const { operation } = event;
    if (event.kind === 'start') {
      open.add(operation);
      if (operation.isRead) paths = paths.map((path) => withReads(path, open));
      continue;
    }
    const explained = withoutWorse(paths.flatMap((path) => waysTo(operation, path, open)));
    if (explained.length === 0) return { kind: 'unexplained', operation, before: statesOf(paths) };
    open.delete(operation);
    paths = withoutWorse(explained.map((path) => without(path, operation)));
  }
  return { kind: 'explained', states: statesOf(paths) };
}

type Event<Op> = { readonly kind: 'start' | 'end'; readonly at: number; readonly operation: Op };

function eventsOf<Op extends Operation>(operations: readonly Op[]): readonly Event<Op>[] {
  const starts = operations.map((operation) => ({ kind: 'start' as const, at: operation.startedAt, operation }));
  const ends = operations.flatMap((operation) =>
    operation.endedAt === undefined ? [] : [{ kind: 'end' as const, at: operation.endedAt, operation }],
  );
  return [...starts, ...ends].sort((left, right) => left.at - right.at);
}

/** All ways on from `path` that end with `goal`: other open operations may have happened before it. */
function waysTo<Op extends Operation>(goal: Op, path: Path<Op>, open: ReadonlySet<Op>): readonly Path<Op>[] {
  const ways: Path<Op>[] = [];
  const tried = new Map<string, Path<Op>[]>();
  const waiting = [path];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (next.happened.has(goal)) {
      ways.push(next);
      continue;
    }
    for (const operation of open) {
      if (operation.isRead || next.happened.has(operation)) continue;
      const state = operation.step(next.state);
      if (state === undefined) continue;
      const on = withReads({ state, happened: new Set([...next.happened, operation]) }, open);
      if (isNew(tried, on)) waiting.push(on);
    }
  }
  return ways;
}

// A read that can be answered from this state may as well happen now: it changes nothing.
function withReads<Op extends Operation>(path: Path<Op>, open: ReadonlySet<Op>): Path<Op> {
  const seen = [...open].filter((one) => one.isRead && !path.happened.has(one) && one.step(path.state) !== undefined);
  return seen.length === 0 ? path : { state: path.state, happened: new Set([...path.happened, ...seen]) };
}

function withoutWorse<Op extends Operation>(paths: readonly Path<Op>[]): readonly Path<Op>[] {
  const kept = new Map<string, Path<Op>[]>();
  const fewestFirst = [...paths].sort((left, right) => left.happened.size - right.happened.size);
  return fewestFirst.filter((path) => isNew(kept, path));
}

// Of two paths to one state that owe the same answers, the one that spent fewer unanswered operations can do all that
// the other can.
function isNew<Op extends Operation>(known: Map<string, Path<Op>[]>, path: Path<Op>): boolean {
  const owed = [...path.happened].filter(({ endedAt }) => endedAt !== undefined).map(({ startedAt }) => startedAt);
  const name = `${owed.sort((left, right) => left - right).join()} ${path.state}`;
  const others = known.get(name) ?? [];
  if (others.some(({ happened }) => [...happened].every((one) => path.happened.has(one)))) return false;
  known.set(name, [...others, path]);
  return true;
}

function without<Op>(path: Path<Op>, operation: Op): Path<Op> {
  const happened = new Set(path.happened);
  happened.delete(operation);
  return { state: path.state, happened };
}

function statesOf<Op>(paths: readonly Path<Op>[]): readonly string[] {
  return [...new Set(paths.map(({ state }) => state))];
}
