import { expect, test } from 'vitest';
import { countOf, formatAge, formatBytes, formatDuration, formatTime, percentOf } from './format.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [10 * 1024, '10 KiB'],
  [1_048_575, '1.0 MiB'],
  [50 * 1024 ** 2, '50 MiB'],
  [1023 * 1024 ** 3, '1.0 TiB'],
  [5000 * 1024 ** 4, '5000 TiB'],
])('%d bytes read as %s', (sizeBytes, text) => {
  expect(formatBytes(sizeBytes)).toBe(text);
});

test.each([
  [-5_000, 'just now'], // a server's clock ahead of ours
  [59_999, 'just now'],
  [60_000, '1 minute ago'],
  [3_599_999, '59 minutes ago'],
  [3_600_000, '1 hour ago'],
  [47 * 3_600_000, '1 day ago'],
  [30 * 86_400_000, '30 days ago'],
])('%d ms ago reads as %s', (ageMs, text) => {
  const now = Date.UTC(2026, 10, 24);
  expect(formatAge(new Date(now - ageMs).toISOString(), now)).toBe(text);
});

test('an age over a month is a date', () => {
  expect(formatAge('2026-01-05T12:00:00Z', Date.UTC(2026, 10, 24))).toBe('Jan 5, 2026');
});

test('a time that is none is shown as it came', () => {
  expect(formatAge('soon', 0)).toBe('soon');
  expect(formatTime('soon')).toBe('soon');
});

test.each([
  [12.4, '12 ms'],
  [1500, '1.5 s'],
  [59_400, '59 s'],
  [59_999, '1 min 0 s'],
  [119_700, '2 min 0 s'],
  [61_000, '1 min 1 s'],
])('%d ms last %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

test.each([
  [0, 10, 0],
  [1, 10_000, 1],
  [5, 10, 50],
  [12, 10, 100],
  [1, 0, 0],
])('%d of %d are %d percent', (part, whole, percent) => {
  expect(percentOf(part, whole)).toBe(percent);
});

test('one is not many', () => {
  expect([countOf(1, 'image'), countOf(3400, 'image'), countOf(0, 'entry', 'entries')]).toEqual([
    '1 image',
    '3,400 images',
    '0 entries',
  ]);
});
