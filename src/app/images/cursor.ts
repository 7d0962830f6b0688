// The cursor of the gallery's pages: where the page before ended, in the order newest first. Opaque to clients.
import { z } from 'zod';
import { KeepsakeError } from '../../shared/errors.ts';

/** A place between two rows. `uploadedAt` is Postgres' text with microseconds: a Date would round and skip rows. */
export interface Place {
  readonly uploadedAt: string;
  readonly id: string;
}

// ISO 8601 has a year 0, Postgres doesn't.
const timeSchema = z.iso.datetime({ precision: 6 }).refine((time) => !time.startsWith('0000'));
const placeSchema = z.tuple([timeSchema, z.uuid()]);

export function encodeCursor({ uploadedAt, id }: Place): string {
  return Buffer.from(JSON.stringify([uploadedAt, id])).toString('base64url');
}

/** @throws KeepsakeError `InvalidCursor` for what `encodeCursor` did not write. */
export function decodeCursor(cursor: string): Place {
  try {
    const [uploadedAt, id] = placeSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { uploadedAt, id };
  } catch (error) {
    throw new KeepsakeError(
      'InvalidCursor',
      {
        what: 'the cursor can not be read',
        expected: 'the cursor in the `next` of a page, unchanged',
        got: JSON.stringify(cursor.slice(0, 100)),
        remedy: 'Begin again at /api/images/ and follow `next`.',
      },
      error,
    );
  }
}
