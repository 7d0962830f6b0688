import { expect, test } from 'vitest';
import type { ImageJson } from '../../src/shared/image.ts';
import { createImageLedger, type ImageLedger } from './image-ledger.ts';

const sent = { title: 'one', sizeBytes: 3, sha256: 'abc' };
const shown: ImageJson = {
  id: '1',
  title: 'one',
  key: 'images/1.png',
  image_url: '/api/s3-image/images/1.png',
  original_name: 'one.png',
  content_type: 'image/png',
  size_bytes: 3,
  sha256: 'abc',
  status: 'stored',
  uploaded_at: '2026-01-01T00:00:00.000Z',
  width: 16,
  height: 16,
  frames: 1,
  placeholder: null,
  thumbnails: [],
};

function ledgerWith(...steps: readonly ((ledger: ImageLedger) => unknown)[]): ImageLedger {
  const ledger = createImageLedger();
  ledger.send(sent);
  for (const step of steps) step(ledger);
  return ledger;
}
const acknowledge = (ledger: ImageLedger) => ledger.acknowledge('one', shown);
const startDelete = (ledger: ImageLedger) => ledger.startDelete('one');
const acknowledgeDelete = (ledger: ImageLedger) => ledger.acknowledgeDelete('one');
const kinds = (violations: readonly { kind: string }[]) => violations.map(({ kind }) => kind);

test('an acknowledged image that no listing shows is lost', () => {
  expect(kinds(ledgerWith(acknowledge).unseen('one'))).toEqual(['lost']);
});

test('an unanswered upload may be there or not', () => {
  expect(ledgerWith().unseen('one')).toEqual([]);
  const ledger = ledgerWith();
  expect(ledger.seen(shown)).toEqual([]);
  expect(kinds(ledger.unseen('one'))).toEqual(['lost']); // once seen it stays
});

test('an image with other bytes than those sent is torn', () => {
  expect(kinds(ledgerWith().seen({ ...shown, sha256: 'abd' }))).toEqual(['torn']);
  expect(kinds(ledgerWith().acknowledge('one', { ...shown, size_bytes: 2 }))).toEqual(['torn']);
  expect(kinds(ledgerWith().seen({ ...shown, title: 'two' }))).toEqual(['torn']);
});

test('a deleted image that is listed again is resurrected', () => {
  expect(kinds(ledgerWith(acknowledge, startDelete, acknowledgeDelete).seen(shown))).toEqual(['resurrected']);
});

test('an unanswered delete is decided by the first listing', () => {
  const gone = ledgerWith(acknowledge, startDelete);
  expect(gone.unseen('one')).toEqual([]);
  expect(kinds(gone.seen(shown))).toEqual(['resurrected']);
  const there = ledgerWith(acknowledge, startDelete);
  expect(there.seen(shown)).toEqual([]);
  expect(kinds(there.unseen('one'))).toEqual(['lost']);
});
