import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { KeepsakeError } from '../../shared/errors.ts';
import type { KeeperStatus } from '../../shared/keeper-api.ts';
import { renderStatusPage, statusPageHeaders } from './status-page.ts';

const ready: KeeperStatus = {
  version: '0.1.0',
  state: 'ready',
  storeId: '0190-store',
  storeCreatedAt: '2026-01-02T03:04:05.000Z',
  session: 'session-1',
  upstream: 'http://emulator:4566',
  restore: {
    objectsDone: 0,
    objectsTotal: 0,
    bytesDone: 0,
    bytesTotal: 0,
    secondsLeft: null,
    startedAt: null,
    finishedAt: null,
  },
  counts: { buckets: 2, objects: 1234, bytes: 5 * 1024 ** 2, retired: 1, retiredBytes: 1024 },
  lag: { changes: 0, oldestChangeMs: 0, commits: 0, oldestCommitMs: 0 },
  disk: { freeBytes: 30 * 1024 ** 3, totalBytes: 100 * 1024 ** 3, minFreeBytes: 1024 ** 3, isLow: false },
  damaged: [],
};
const page = (status: Partial<KeeperStatus>, failure?: KeepsakeError, host = '127.0.0.1:4566') =>
  renderStatusPage({ status: { ...ready, ...status }, failure, host });

test('says in a word how it is, what it holds, and how to use it', () => {
  const shown = page({});
  for (const text of [
    '>Ready<',
    '1,234, 5.0 MiB',
    '1 earlier version, 1.0 KiB',
    '30.0 GiB free of 100.0 GiB',
    'http://emulator:4566',
    'session-1',
  ])
    expect(shown).toContain(text);
  expect(shown).toContain('aws --endpoint-url http://127.0.0.1:4566 s3 ls');
  expect(shown).not.toContain('<progress');
});

test('shows how far a restore is', () => {
  const restore = {
    ...ready.restore,
    objectsDone: 2500,
    objectsTotal: 10_000,
    secondsLeft: 75,
    startedAt: '2026-01-02T03:04:05.000Z',
  };
  const shown = page({ state: 'restoring', restore, session: null });
  expect(shown).toContain('value="2500" max="10000"');
  expect(shown).toContain('<strong>25 %</strong> 2,500 of 10,000 objects, 0 B of 0 B, about 2 minutes left');
});

test.each([
  ['upstream-down', undefined, 'Emulator down', 'Start the emulator'],
  ['starting', undefined, 'Starting', 'http://emulator:4566'],
  [
    'ready',
    new KeepsakeError('DataFolderUnusable', { what: 'the thread ended' }),
    'Needs a new start',
    'the thread ended',
  ],
] as const)('in the state %s it comes again soon, with the remedy', (state, failure, word, remedy) => {
  const shown = page({ state }, failure);
  expect(shown).toContain(`>${word}<`);
  expect(shown).toContain(remedy);
  expect(shown).toContain('http-equiv="refresh" content="2"');
});

test('says that the disk is nearly full, and what still works', () => {
  const disk = { freeBytes: 1024 ** 2, totalBytes: 1024 ** 3, minFreeBytes: 1024 ** 3, isLow: true };
  const shown = page({ disk });
  for (const text of ['>Disk nearly full<', 'Under 1.0 GiB', '507', '1.0 MiB free of 1.0 GiB'])
    expect(shown).toContain(text);
  expect(page({ disk: null })).toContain('<dd>not known</dd>');
});

test('names what is damaged, a part of much, and lets none of it become markup', () => {
  const hostile = '<img src=x onerror=alert(1)>"\'&\u0000';
  const damaged = Array.from({ length: 101 }, (_, i) => ({ bucket: 'b', key: `${i}${hostile}`, reason: hostile }));
  const shown = page({ damaged, upstream: hostile, session: hostile, storeId: hostile }, undefined, hostile);
  expect(shown).toContain('Ready, with damage');
  expect(shown).toContain('b/99&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;\ufffd');
  expect(shown).toContain('And 1 more');
  expect(shown).not.toContain('<img');
});

test('the style that it brings is the only one that its policy allows', () => {
  const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(page({})) ?? [];
  const hash = createHash('sha256').update(style).digest('base64');
  expect(statusPageHeaders['content-security-policy']).toContain(`style-src 'sha256-${hash}';`);
  expect(page({})).not.toMatch(/style="|<script|https?:\/\/(?!127\.0\.0\.1|emulator)/);
});
