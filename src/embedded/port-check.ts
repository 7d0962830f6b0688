// Ports: is one free, which one is, and who holds one that isn't (where the system tells).
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import net from 'node:net';
import { KeepsakeError } from '../shared/errors.ts';

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await listen(server, 0, '127.0.0.1');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}

/** @throws KeepsakeError `PortInUse`, naming the setting and, where it can be known, the process that listens there. */
export async function assertPortFree(port: number, setting: string, host: string): Promise<void> {
  const server = net.createServer();
  try {
    await listen(server, port, host);
  } catch (error) {
    throw portError(error, port, setting);
  }
  await new Promise((resolve) => server.close(resolve));
}

/** An error of `listen` as an error that names the setting. */
export function portError(error: unknown, port: number, setting: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EACCES') {
    return new KeepsakeError(
      'PortInUse',
      { what: `this user may not listen on port ${port}`, remedy: `Set ${setting} to a port above 1023.` },
      error,
    );
  }
  if (code !== 'EADDRINUSE') return error;
  const holder = portHolder(port);
  return new KeepsakeError(
    'PortInUse',
    {
      what: `port ${port} (${setting}) is taken`,
      ...(holder && { got: holder }),
      remedy: `Stop what listens there, or set ${setting} to another port: ${setting}=${port + 1} npm start.`,
    },
    error,
  );
}

function listen(server: net.Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

/** The process that listens on a port, in words; undefined when the system doesn't tell (another user's, or no /proc). */
function portHolder(port: number): string | undefined {
  try {
    const inodes = new Set([...listeningInodes('/proc/net/tcp', port), ...listeningInodes('/proc/net/tcp6', port)]);
    const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holdsSocket(name, inodes));
    return pid && `process ${pid} (${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()})`;
  } catch {
    return undefined; // no /proc here: nothing to add to the message
  }
}

// Columns of /proc/net/tcp (proc(5)): local address as hex ip:port is the second, state (0A: listening) the fourth,
// the socket's inode the tenth.
function listeningInodes(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  return readFileSync(table, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(`:${hexPort}`) && columns[3] === '0A')
    .flatMap((columns) => columns[9] ?? []);
}

function holdsSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
  } catch {
    return false; // ended meanwhile, or another user's
  }
}
