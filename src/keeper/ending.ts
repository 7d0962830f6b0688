// The end of a server that cuts off nobody: no new connections, and each kept one closes after the answer under way. A
// client that sends one request after the other would else keep its connection busy until the patience ends.
import type http from 'node:http';

const graceMs = 10_000;
/** For a kept connection whose last answer had begun already. */
const idleMs = 500;

/** Watches the requests of a server that doesn't listen yet; the result ends it, with `graceMs` for what is in flight. */
export function watchRequests(server: http.Server): () => Promise<void> {
  const underWay = new Set<http.ServerResponse>();
  let isEnding = false;
  const watch = (_: http.IncomingMessage, res: http.ServerResponse): void => {
    if (isEnding) res.shouldKeepAlive = false;
    underWay.add(res);
    res.once('close', () => underWay.delete(res));
  };
  server.prependListener('request', watch).prependListener('checkContinue', watch);
  return async () => {
    isEnding = true;
    for (const res of underWay) if (!res.headersSent) res.shouldKeepAlive = false;
    server.keepAliveTimeout = idleMs;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
  };
}
