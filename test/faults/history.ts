// The requests to a keeper whose disk was recorded, each with the places in the journal between which it took effect. From
// them follows what each key may hold after a power cut anywhere in that journal.

/** A key's whole state in a word, such as a checksum; null: there is none. */
export type State = string | null;

export interface Change {
  readonly key: string;
  readonly state: State;
  /** Moments in the order in which the client saw them. */
  readonly beganAt: number;
  /** Undefined while it is not acknowledged. */
  acknowledgedAt?: number;
  /** How far the journal was. */
  readonly beganWith: number;
  acknowledgedWith?: number;
}

export interface History {
  readonly changes: readonly Change[];
  /** A change leaves. Call the result when it is acknowledged; never, when it is not. */
  begin(key: string, state: State): () => void;
}

/** An empty history; `position` tells how far the journal is. */
export function createHistory(position: () => number): History {
  const changes: Change[] = [];
  let now = 0;
  return {
    changes,
    begin(key, state) {
      const change: Change = { key, state, beganAt: ++now, beganWith: position() };
      changes.push(change);
      return () => {
        change.acknowledgedWith = position();
        change.acknowledgedAt = ++now;
      };
    },
  };
}

/** The states that each key may have after a power cut there. Every key of the history is told. */
export function possibleAt(changes: readonly Change[], position: number): ReadonlyMap<string, ReadonlySet<State>> {
  const possible = new Map<string, ReadonlySet<State>>();
  for (const [key, ofKey] of Map.groupBy(changes, (change) => change.key)) {
    const acknowledged = ofKey.filter(
      ({ acknowledgedWith = Number.POSITIVE_INFINITY }) => acknowledgedWith <= position,
    );
    // The last of those that were acknowledged began after these ended.
    const isGone = ({ acknowledgedAt = Number.POSITIVE_INFINITY }: Change) =>
      acknowledged.some(({ beganAt }) => beganAt > acknowledgedAt);
    const states = ofKey.filter((change) => change.beganWith <= position && !isGone(change)).map(({ state }) => state);
    possible.set(key, new Set(acknowledged.length === 0 ? [null, ...states] : states));
  }
  return possible;
}
