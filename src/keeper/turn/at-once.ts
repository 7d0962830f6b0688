// Work on many items, some at once.

/**
 * Works on all items, up to `width()` at once (asked each time). Takes no more after the first failure or when `signal`
 * aborts, and ends when all that it took have ended. @throws the first failure
 */
export async function eachAtOnce<T>(
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T) => Promise<void>,
  { width, signal }: { readonly width: () => number; readonly signal: AbortSignal },
): Promise<void> {
  let running = 0;
  let failure: { readonly error: unknown } | undefined;
  let next = Promise.withResolvers<void>();
  const isOver = (): boolean => failure !== undefined || signal.aborted;
  const oneEnds = async (): Promise<void> => {
    await next.promise;
    next = Promise.withResolvers();
  };
  const run = async (item: T): Promise<void> => {
    running += 1;
    try {
      await work(item);
    } catch (error) {
      failure ??= { error };
    }
    running -= 1;
    next.resolve();
  };
  for await (const item of items) {
    void run(item);
    while (running > 0 && running >= width() && !isOver()) await oneEnds();
    if (isOver()) break;
  }
  while (running > 0) await oneEnds();
  if (failure !== undefined) throw failure.error;
}
