import { expect, test } from 'vitest';
import { DiskGuard, type DiskSpace, type Incoming } from './disk-guard.ts';

const bodyOf = (sizeBytes: number, come = 0): Incoming & { come: number } => ({
  sizeBytes,
  come,
  remaining() {
    return sizeBytes - this.come;
  },
});

async function guardWith(space: { freeBytes: number }, minFreeBytes = 100): Promise<DiskGuard> {
  const readSpace = async (): Promise<DiskSpace> => ({ ...space, totalBytes: 1000 });
  const guard = new DiskGuard({ folder: '/store', minFreeBytes, heldForUndo: () => 2048, readSpace });
  await guard.start();
  await guard.stop(); // no reading but those asked for
  return guard;
}

test('refuses what would leave less than the margin, and says what is free, what undo holds and what to do', async () => {
  const guard = await guardWith({ freeBytes: 150 });
  expect(guard.isLow).toBe(false);
  await expect(guard.admit(bodyOf(51))).rejects.toMatchObject({
    code: 'DiskFull',
    status: 507,
    message: expect.stringMatching(/100 B left free.*150 B of 1000 B free.*51 B more.*undo holds 2\.0 KiB/),
  });
  expect(guard.admit(bodyOf(50))).toBeUndefined();
});

test('reckons with bodies under way: two that fit one by one do not fit together', async () => {
  const guard = await guardWith({ freeBytes: 1000 });
  expect(guard.admit(bodyOf(600))).toBeUndefined();
  await expect(guard.admit(bodyOf(600))).rejects.toMatchObject({ code: 'DiskFull' });
  expect(guard.admit(bodyOf(300))).toBeUndefined();
});

test('what has come of a body is free space no more, and is not counted twice', async () => {
  const space = { freeBytes: 1000 };
  const guard = await guardWith(space);
  const large = bodyOf(800);
  expect(guard.admit(large)).toBeUndefined();
  large.come = 700;
  space.freeBytes = 300;
  await guard.admit(bodyOf(100));
  await expect(guard.admit(bodyOf(1))).rejects.toMatchObject({ code: 'DiskFull' });
});

test('a body that ended is reckoned with until a reading shows it', async () => {
  const space = { freeBytes: 1000 };
  const guard = await guardWith(space);
  const body = bodyOf(800);
  expect(guard.admit(body)).toBeUndefined();
  guard.end(body); // deleted again: the space is free
  await guard.admit(bodyOf(800));
});

test('goes on by itself when there is room again', async () => {
  const space = { freeBytes: 10 };
  const guard = await guardWith(space);
  expect(guard.isLow).toBe(true);
  await expect(guard.admit(bodyOf(0))).rejects.toMatchObject({ code: 'DiskFull' });
  space.freeBytes = 500;
  await guard.admit(bodyOf(0));
  expect(guard.isLow).toBe(false);
});

test('a margin of 0 refuses nothing, and neither does a disk that can not be asked', async () => {
  expect((await guardWith({ freeBytes: 0 }, 0)).admit(bodyOf(1000))).toBeUndefined();
  const blind = new DiskGuard({
    folder: '/store',
    minFreeBytes: 100,
    heldForUndo: () => 0,
    readSpace: () => Promise.reject(new Error('EIO')),
  });
  await blind.start();
  await blind.stop();
  expect(blind.space).toBeNull();
  expect(blind.admit(bodyOf(1000))).toBeUndefined();
});
