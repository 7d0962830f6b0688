import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { watchRequests } from './ending.ts';

test('an answer under way is the last of its kept connection', async () => {
  const held = Promise.withResolvers<http.ServerResponse>();
  const server = http.createServer((_, res) => held.resolve(res));
  const end = watchRequests(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new http.Agent({ keepAlive: true });
  const request = http.get({ host: '127.0.0.1', port, agent });
  const answered = once(request, 'response');
  const res = await held.promise;
  const ended = end();
  res.end('whole');
  const [answer] = (await answered) as [http.IncomingMessage];
  expect(answer.headers.connection).toBe('close');
  expect((await answer.toArray()).join('')).toBe('whole');
  await ended;
  agent.destroy();
});
