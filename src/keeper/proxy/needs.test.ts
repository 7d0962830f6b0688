import { expect, test } from 'vitest';
import { classify } from '../s3/classify.ts';
import { parseTarget } from '../s3/target.ts';
import { needOf } from './needs.ts';

function need(method: string, url: string, headers = {}, hasSubResources = true): string {
  const target = parseTarget(url, 'localhost', 'before-s3');
  if (target === undefined) throw new Error(`${url} has no target`);
  const found = needOf(classify(method, target, headers), { method, target, hasSubResources });
  return found.kind === 'key' ? `${found.name.bucket}/${found.name.key}` : found.kind;
}

test.each([
  ['GET', '/b/a/../k', 'b/a/../k'],
  ['HEAD', '/b/k', 'b/k'],
  ['GET', '/b/k?tagging', 'b/k'],
  ['GET', '/b/k?versionId=1', 'b/k'],
  ['POST', '/b/k?select&select-type=2', 'b/k'],
  ['GET', '/', 'nothing'],
  ['HEAD', '/b', 'nothing'],
  ['GET', '/b?location', 'nothing'],
  ['GET', '/b?cors', 'nothing'],
  ['GET', '/b?metrics&id=one', 'nothing'],
  ['GET', '/b', 'all'],
  ['GET', '/b?list-type=2', 'all'],
  ['GET', '/b?list-type=2&cors', 'all'],
  ['GET', '/b?versions', 'all'],
  ['GET', '/b?uploads', 'all'],
  ['GET', '/b?prefix=location', 'all'],
  ['GET', '/b/k?uploadId=1', 'all'],
  ['DELETE', '/b', 'all'],
  ['POST', '/b/k?uploads', 'all'],
  ['PUT', '/b/k?partNumber=1&uploadId=1', 'all'],
  ['POST', '/b/k?uploadId=1', 'all'],
  ['DELETE', '/b/k?uploadId=1', 'all'],
  ['PUT', '/b', 'nothing'],
  ['PUT', '/b/k', 'nothing'],
  ['PUT', '/b?cors', 'nothing'],
])('%s %s needs %s', (method, url, expected) => {
  expect(need(method, url)).toBe(expected);
});

test('an emulator without sub-resources takes a question about a bucket for a listing', () => {
  expect(need('GET', '/b?cors', {}, false)).toBe('all');
  expect(need('HEAD', '/b', {}, false)).toBe('nothing');
});
