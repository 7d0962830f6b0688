// The app on a port, and its orderly end.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KeepsakeError } from '../shared/errors.ts';

export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, lets those under way end for at most `graceMs`, then cuts them. */
  close(graceMs?: number): Promise<void>;
}

/** Longest time a request may take to arrive: a large image over a slow line. Stalling clients are cut sooner (P7). */
const requestTimeoutMs = 3_600_000;

/** Listens. @throws KeepsakeError `PortInUse`, or `InvalidSettings` for an address or port that can't be had. */
export async function listen(
  handler: RequestListener,
  at: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const server = createServer({ requestTimeout: requestTimeoutMs, headersTimeout: 20_000 }, handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(asListenError(error, at)));
    server.listen(at.port, at.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://${at.host.includes(':') ? `[${at.host}]` : at.host}:${port}`,
    close(graceMs = 10_000) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      return closed.finally(() => clearTimeout(timer));
    },
  };
}

function asListenError(error: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): KeepsakeError {
  if (error.code === 'EADDRINUSE')
    return new KeepsakeError(
      'PortInUse',
      {
        what: `port ${port} is taken`,
        got: error.message,
        remedy: 'Stop what listens there, or set PORT to another one.',
      },
      error,
    );
  return new KeepsakeError(
    'InvalidSettings',
    {
      what: `the API can't listen on ${host}:${port}`,
      got: error.message,
      remedy: 'Set HOST and PORT to an address of this machine.',
    },
    error,
  );
}
