import { expect, test } from 'vitest';
import { decodeCursor, encodeCursor } from './cursor.ts';

const id = '01890000-0000-7000-8000-000000000000';

test('a cursor comes back as it was, microseconds included', () => {
  const place = { uploadedAt: '2026-03-04T05:06:07.123456Z', id };
  expect(decodeCursor(encodeCursor(place))).toEqual(place);
});

test.each([
  'x',
  encodeCursor({ uploadedAt: 'now', id: 'x' }),
  encodeCursor({ uploadedAt: '0000-01-01T00:00:00.000000Z', id }), // Postgres knows no year 0
  Buffer.from('[]').toString('base64url'),
])('refuses the cursor %s', (cursor) => {
  expect(() => decodeCursor(cursor)).toThrow(expect.objectContaining({ code: 'InvalidCursor' }));
});
