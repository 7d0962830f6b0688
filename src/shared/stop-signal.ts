// How a process is told to stop.

/** Aborted by the first SIGTERM or SIGINT; a second one ends the process as if nobody listened. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
