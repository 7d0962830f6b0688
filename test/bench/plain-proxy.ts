// A proxy of node:http that passes each request on as it came and keeps nothing: what any keeper made of it costs at least.
import http from 'node:http';
import type { AddressInfo } from 'node:net';

const upstream = new URL(process.argv[2] ?? '');
const agent = new http.Agent({ keepAlive: true });

const server = http.createServer((req, res) => {
  const { method, url: path, rawHeaders: headers } = req;
  const target = { host: upstream.hostname, port: upstream.port, agent, method, path, headers, setHost: false };
  const request = http.request(target, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
    answer.pipe(res);
  });
  request.on('error', () => res.destroy());
  req.pipe(request);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
