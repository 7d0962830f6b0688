// Requests to an emulator that breaks its answers off, or answers before it has heard all.
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { collect, drained, send } from './send.ts';

/** An emulator that does with a connection what the test says. */
async function upstreamOf(serve: (socket: Socket) => void) {
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new http.Agent({ keepAlive: true });
  onTestFinished(() => {
    agent.destroy();
    server.close();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent, silentMs: 4_000 };
}

test('an answer that broke off before anyone read it is an error, not a silence', async () => {
  const upstream = await upstreamOf((socket) => {
    socket.once('data', () =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', () => socket.destroy()),
    );
  });
  const response = await send(upstream, { method: 'GET', path: '/', headers: ['Host', 'x'] }).response;
  await new Promise((resolve) => response.on('close', resolve));
  await expect(collect(response)).rejects.toMatchObject({ code: 'S3Unavailable' });
});

test('nobody waits for a stream that was closed before', async () => {
  const closed = new PassThrough().destroy();
  await once(closed, 'close');
  await drained(closed);
});
