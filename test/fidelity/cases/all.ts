// All areas, in the order of the table.
import type { Area } from './case.ts';
import { checksums } from './checksums.ts';
import { conditions } from './conditions.ts';
import { keys } from './keys.ts';
import { listing } from './listing.ts';
import { metadata } from './metadata.ts';
import { multipart } from './multipart.ts';
import { presigned } from './presigned.ts';
import { protocol } from './protocol.ts';
import { settings } from './settings.ts';

export const areas: readonly Area[] = [
  keys,
  metadata,
  checksums,
  conditions,
  multipart,
  listing,
  settings,
  presigned,
  protocol,
];
