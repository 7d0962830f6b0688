// Uploads as a value, and the steps between: waiting → sending → done | failed | cancelled; failed or cancelled → waiting.
// A step that its upload's state does not allow changes nothing: a late answer can't revive a cancelled upload.
import type { ImageJson } from '../../shared/image.ts';
import type { Failure } from './failure.ts';

export type UploadState =
  | { readonly kind: 'waiting' }
  /** All bytes sent and no answer yet: the server is storing. */
  | { readonly kind: 'sending'; readonly sentBytes: number }
  | { readonly kind: 'done'; readonly image: ImageJson }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'cancelled' };

export interface Upload {
  readonly id: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly state: UploadState;
}

export type UploadQueue = readonly Upload[];

export type UploadStep =
  | { readonly kind: 'started' | 'cancelled' | 'retried'; readonly id: number }
  | { readonly kind: 'sent'; readonly id: number; readonly sentBytes: number }
  | { readonly kind: 'stored'; readonly id: number; readonly image: ImageJson }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure };

/** The queue after a step; the same queue when the step does not apply. */
export function afterStep(queue: UploadQueue, step: UploadStep): UploadQueue {
  const upload = queue.find(({ id }) => id === step.id);
  const state = upload && nextState(upload, step);
  return state ? queue.map((one) => (one.id === step.id ? { ...one, state } : one)) : queue;
}

/** The queue without uploads that are over. */
export function withoutEnded(queue: UploadQueue): UploadQueue {
  return queue.filter(({ state }) => state.kind === 'waiting' || state.kind === 'sending');
}

/** Which uploads to start now, first come first served, so that at most `parallel` send at once. */
export function toStart(queue: UploadQueue, parallel: number): readonly Upload[] {
  const sending = queue.filter(({ state }) => state.kind === 'sending').length;
  return queue.filter(({ state }) => state.kind === 'waiting').slice(0, Math.max(0, parallel - sending));
}

/** In the order in which a person looks: failed, under way, waiting, over (the newest first). */
export function inTrayOrder(queue: UploadQueue): UploadQueue {
  const of = (kind: UploadState['kind']) => queue.filter(({ state }) => state.kind === kind);
  return [...of('failed'), ...of('sending'), ...of('waiting'), ...of('done').reverse(), ...of('cancelled')];
}

export interface UploadTotals {
  readonly open: number;
  readonly done: number;
  readonly failed: number;
  /** Of uploads that are open or done. */
  readonly sentBytes: number;
  readonly sizeBytes: number;
}

export function totalsOf(queue: UploadQueue): UploadTotals {
  const totals = { open: 0, done: 0, failed: 0, sentBytes: 0, sizeBytes: 0 };
  for (const { state, sizeBytes } of queue) {
    if (state.kind === 'cancelled') continue;
    if (state.kind === 'failed') {
      totals.failed += 1;
      continue;
    }
    totals.sizeBytes += sizeBytes;
    if (state.kind === 'done') {
      totals.done += 1;
      totals.sentBytes += sizeBytes;
      continue;
    }
    totals.open += 1;
    if (state.kind === 'sending') totals.sentBytes += state.sentBytes;
  }
  return totals;
}

function nextState({ state, sizeBytes }: Upload, step: UploadStep): UploadState | undefined {
  const isOpen = state.kind === 'waiting' || state.kind === 'sending';
  switch (step.kind) {
    case 'started':
      return state.kind === 'waiting' ? { kind: 'sending', sentBytes: 0 } : undefined;
    case 'sent':
      return state.kind === 'sending'
        ? { kind: 'sending', sentBytes: Math.min(step.sentBytes, sizeBytes) } // the form around the file was counted too
        : undefined;
    case 'stored':
      return state.kind === 'sending' ? { kind: 'done', image: step.image } : undefined;
    case 'failed':
      return state.kind === 'sending' ? { kind: 'failed', failure: step.failure } : undefined;
    case 'cancelled':
      return isOpen ? { kind: 'cancelled' } : undefined;
    case 'retried':
      return state.kind === 'failed' || state.kind === 'cancelled' ? { kind: 'waiting' } : undefined;
  }
}
