// The end of a server that cuts off nobody: no new connections, and each kept one closes after the answer under way. A
// client that sends one request after the other would else keep its connection busy until the patience ends.
import type http from 'node:http';

const graceMs = 10_000;
/** For a kept connection whose last answer had begun already. */
const idleMs = 500;

/** Watches the requests of a server that doesn't listen yet; the result ends it, with `graceMs` for what is in flight. */
export function watchRequests(server: http.Server): () => Promise<void> {
  // No Set: a table that V8 outgrew keeps what it held and leads to the next one. Once such a table is old, every later
  // request is taken for live until the whole heap is marked. That was half of all garbage collection (`--trace-gc`
  // under the load of bench:keeper).
  const underWay: (http.ServerResponse | undefined)[] = [];
  const free: number[] = [];
  let isEnding = false;
  const watch = (_: http.IncomingMessage, res: http.ServerResponse): void => {
    if (isEnding) res.shouldKeepAlive = false;
    const place = free.pop() ?? underWay.length;
    underWay[place] = res;
    res.once('close', () => {
      underWay[place] = undefined;
      free.push(place);
    });
  };
  server.prependListener('request', watch).prependListener('checkContinue', watch);
  return async () => {
    isEnding = true;
    for (const res of underWay) if (res && !res.headersSent) res.shouldKeepAlive = false;
    server.keepAliveTimeout = idleMs;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
  };
}
