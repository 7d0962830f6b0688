import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { RequestFailed } from './failure.ts';
import { requestJson } from './request.ts';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener).listen(0, '127.0.0.1');
  server = started;
  await new Promise((resolve) => started.once('listening', resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}/`;
}

test('sends JSON and gives the JSON of the answer', async () => {
  const url = await serve(async (request, response) => {
    const body: Buffer[] = [];
    for await (const part of request) body.push(part);
    const { method, headers } = request;
    response.end(JSON.stringify({ method, type: headers['content-type'], body: Buffer.concat(body).toString() }));
  });
  expect(await requestJson(url, { method: 'PATCH', body: { title: 'ü' } })).toEqual({
    method: 'PATCH',
    type: 'application/json',
    body: '{"title":"ü"}',
  });
});

test('gives undefined for an answer without a body', async () => {
  const url = await serve((_, response) => response.writeHead(204).end());
  expect(await requestJson(url, { method: 'DELETE' })).toBeUndefined();
});

test("fails with the API's words", async () => {
  const url = await serve((_, response) =>
    response.writeHead(404).end('{"error":{"code":"ImageNotFound","what":"there is no such image"}}'),
  );
  const error = await requestJson(url).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RequestFailed);
  expect(error).toMatchObject({ failure: { code: 'ImageNotFound', status: 404, what: 'there is no such image' } });
});

test('fails for a success that is not JSON', async () => {
  const url = await serve((_, response) => response.end('<!doctype html>'));
  await expect(requestJson(url)).rejects.toMatchObject({ failure: { code: 'HTTP 200' } });
});

test('says that nothing answers, also when the answer is cut off', async () => {
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{');
    setImmediate(() => response.destroy());
  });
  await expect(requestJson(url)).rejects.toMatchObject({ failure: { code: 'NoAnswer', status: null } });
});

test('an abort stays an abort', async () => {
  const url = await serve(() => {});
  const controller = new AbortController();
  const asked = requestJson(url, { signal: controller.signal });
  controller.abort();
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
});
