import { expect, test } from 'vitest';
import { bringToPathStyle } from './path-style.ts';

test.each([
  ['127.0.0.1:4566', '/b/k', '/b/k', '127.0.0.1:4566'],
  ['localhost:4566', '/b/k', '/b/k', 'localhost:4566'],
  ['[::1]:4566', '/b/k', '/b/k', '[::1]:4566'],
  ['s3', '/b/k', '/b/k', 's3'],
  ['images.s3.localhost:4566', '/k?x=1', '/images/k?x=1', 'emulator:5000'],
  ['my.images.s3.eu-west-1.amazonaws.com', '/', '/my.images/', 'emulator:5000'],
  ['images.localhost:4566', '/b/k', '/b/k', 'emulator:5000'],
  ['s3.example.com', '/b/k', '/b/k', 'emulator:5000'],
  ['b%3Fc.s3.localhost', '/k', '/b%253Fc/k', 'emulator:5000'],
  ['images.s3.localhost', '*', '*', 'emulator:5000'],
])('to %s: %s becomes %s to %s', (host, url, path, sentTo) => {
  const req = { url, headers: { host }, rawHeaders: ['Accept', '*/*', 'HOST', host] };
  bringToPathStyle(req, { host: 'emulator', port: 5000 });
  expect([req.url, req.headers.host, req.rawHeaders]).toEqual([path, sentTo, ['Accept', '*/*', 'HOST', sentTo]]);
});
