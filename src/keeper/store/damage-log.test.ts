import { expect, test } from 'vitest';
import { DamageLog } from './damage-log.ts';

test('names a version once while the commit that marks it is seen, and its end is not', () => {
  const entry = { bucket: 'photos', key: 'bad', reason: 'its checksum differs' };
  const marked: (typeof entry & { readonly id: number })[] = [];
  const log = new DamageLog({
    queue: { run: () => new Promise(() => {}) },
    reader: { damaged: () => marked, damageOf: () => undefined, isCurrent: () => true },
    onDamage: () => {},
  });
  log.setVersionAside(7, entry);
  expect(log.entries()).toEqual([entry]);
  marked.push({ ...entry, id: 7 });
  expect(log.entries()).toEqual([entry]);
});
