// How far a filling of the emulator is, and how long it still takes. Times are Unix ms.
import type { DamagedEntry } from '../store/contract.ts';

/** The keeper's status shows it. */
export interface FillProgress {
  objectsDone: number;
  objectsTotal: number;
  bytesDone: number;
  bytesTotal: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** The entries that the emulator refused to take back, by `bucket/key`. */
  refused: Map<string, DamagedEntry>;
}

export const noFill = (): FillProgress => ({
  objectsDone: 0,
  objectsTotal: 0,
  bytesDone: 0,
  bytesTotal: 0,
  startedAt: null,
  finishedAt: null,
  refused: new Map(),
});

/** By the pace so far, of objects or of bytes, whichever has more before it; null when nothing is under way, or nothing is done yet. */
export function secondsLeft(progress: FillProgress, now: number): number | null {
  const { objectsDone, objectsTotal, bytesDone, bytesTotal, startedAt, finishedAt } = progress;
  if (startedAt === null || finishedAt !== null || objectsDone === 0) return null;
  const share = Math.min(objectsDone / objectsTotal, bytesTotal === 0 ? 1 : bytesDone / bytesTotal);
  return share === 0 ? null : Math.round(((now - startedAt) / 1000) * (1 / Math.min(share, 1) - 1));
}
