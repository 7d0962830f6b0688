import { expect, test } from 'vitest';
import { decodeCursor, encodeCursor } from './cursor.ts';

test('a cursor comes back as it was, microseconds included', () => {
  const place = { uploadedAt: '2026-03-04T05:06:07.123456Z', id: '01890000-0000-7000-8000-000000000000' };
  expect(decodeCursor(encodeCursor(place))).toEqual(place);
});

test.each(['x', encodeCursor({ uploadedAt: 'now', id: 'x' }), Buffer.from('[]').toString('base64url')])(
  'refuses the cursor %s',
  (cursor) => {
    expect(() => decodeCursor(cursor)).toThrow(expect.objectContaining({ code: 'InvalidCursor' }));
  },
);
