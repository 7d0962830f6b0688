// What one key may hold, as its clients can know it: a register with concurrent writers. A write that was answered
// has happened between its start and its answer; one that was never answered may happen at any time, or never.
// Time is the order of the calls made here: the harness is one thread, so that order is exact.

/** What a key holds: a value that no other write has, or nothing. */
export type Held = string | null;

interface Write {
  readonly value: Held;
  readonly startedAt: number;
  /** Undefined while unanswered. */
  answeredAt: number | undefined;
}

export interface Register {
  /** A write (or delete: null) leaves. Call the result when it is answered with success; never, when it isn't. */
  write(value: Held): () => void;
  /** A read leaves. Call the result with what came back: false when no order of the writes explains it. */
  read(): (value: Held) => boolean;
  /** What a read that starts now and is answered at once may see. */
  possible(): readonly Held[];
  /** Whether some write since the last `settle` was of this value. */
  wasWritten(value: Held): boolean;
  /** Nothing is under way any more and this was read: unanswered writes are decided now. */
  settle(value: Held): void;
}

/** A register that holds nothing yet. */
export function createRegister(): Register {
  let now = 0;
  let writes: Write[] = [{ value: null, startedAt: 0, answeredAt: 0 }];

  // Overwritten for sure before `time`: another write began after this one's answer, and was answered before `time`.
  const isGone = (write: Write, time: number): boolean =>
    write.answeredAt !== undefined &&
    writes.some(
      (later) =>
        later.answeredAt !== undefined &&
        later.startedAt > (write.answeredAt ?? Number.POSITIVE_INFINITY) &&
        later.answeredAt < time,
    );

  return {
    write(value) {
      const write: Write = { value, startedAt: ++now, answeredAt: undefined };
      writes.push(write);
      return () => {
        write.answeredAt = ++now;
      };
    },
    read() {
      const startedAt = ++now;
      return (value) => writes.some((write) => write.value === value && !isGone(write, startedAt));
    },
    possible() {
      const time = now + 1;
      return [...new Set(writes.filter((write) => !isGone(write, time)).map((write) => write.value))];
    },
    wasWritten: (value) => writes.some((write) => write.value === value),
    settle(value) {
      now += 1;
      writes = [{ value, startedAt: now, answeredAt: now }];
    },
  };
}
