// The state of a key of S3, as its clients can tell: which write made the object and which one its tags. Every request
// on a key is a step from one such state to the next (linearizable.ts finds the order).
import type { Operation } from './linearizable.ts';

/** `writer` and `tags` are ids that no two writes share; `tags` is '' when there are none. Null: no object. */
export type Held = { readonly writer: string; readonly tags: string } | null;

type Step = Operation['step'];

/** The state of a key that holds nothing. */
export const nothing = '';

/** Ids have no spaces. */
export function stateOf(held: Held): string {
  return held === null ? nothing : `${held.writer} ${held.tags}`;
}

export function heldIn(state: string): Held {
  if (state === nothing) return null;
  const [writer = '', tags = ''] = state.split(' ');
  return { writer, tags };
}

/** A put, a copy or a completed upload: the object and its tags are replaced at once. */
export function put(writer: string, tags: string): Step {
  const after = stateOf({ writer, tags });
  return () => after;
}

/** As `put`, with If-None-Match: *. */
export function putIfAbsent(writer: string, tags: string): Step {
  const after = stateOf({ writer, tags });
  return (before) => (before === nothing ? after : undefined);
}

/** A delete, alone or one of many. */
export function remove(): Step {
  return () => nothing;
}

/** The tags alone are replaced. */
export function tag(tags: string): Step {
  return (before) => {
    const held = heldIn(before);
    return held === null ? undefined : stateOf({ writer: held.writer, tags });
  };
}

/** An answer that changes nothing and can only come of such a state. */
export function seen(isSo: (held: Held) => boolean): Step {
  return (before) => (isSo(heldIn(before)) ? before : undefined);
}
