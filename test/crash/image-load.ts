// Clients that upload, read and delete images as long as there are any to send, whatever happens to the system.
import type { ImageJson } from '../../src/shared/image.ts';
import type { ImageLedger, LedgerEntry, Violation } from '../model/image-ledger.ts';
import { type Random, randomOf } from '../model/random.ts';
import type { ImageApi, Outcome } from './image-api.ts';
import { bodyOf, type PlannedImage } from './image-plan.ts';

export interface ImageLoad {
  readonly api: ImageApi;
  readonly ledger: ImageLedger;
  readonly clients: number;
  readonly seed: number;
  onAcknowledged(): void;
  onViolation(violation: Violation): void;
  /** Each answer that was neither success nor a broken connection: `POST 503`. */
  onRefused(answer: string): void;
}

/** Above this, for each image of a cycle, the largest are deleted, so that every restart restores about as much. */
const storedBytesAnImage = 1024 * 1024;

/** Resolves when each of the images was sent once, answered or not. */
export async function sendImages(load: ImageLoad, images: readonly PlannedImage[]): Promise<void> {
  const queue = images.values();
  const client = async (): Promise<void> => {
    for (const image of queue) {
      const random = randomOf(load.seed, 'after', image.title);
      await upload(load, image);
      if (random.oneIn(3)) await readOne(load, random);
      if (random.oneIn(6)) await removeOne(load, random.pick(load.ledger.stored()));
      if (load.ledger.storedBytes() > images.length * storedBytesAnImage) await removeOne(load, largest(load.ledger));
    }
  };
  await Promise.all(Array.from({ length: load.clients }, client));
}

async function upload(load: ImageLoad, image: PlannedImage): Promise<void> {
  const { bytes, sha256 } = bodyOf(image);
  load.ledger.send({ title: image.title, sizeBytes: bytes.length, sha256 });
  const outcome = await load.api.upload(image, bytes);
  if (outcome.kind === 'answered' && outcome.status === 201) {
    load.ledger.acknowledge(image.title, outcome.value as ImageJson).forEach(load.onViolation);
    load.onAcknowledged();
  } else await noteFailure(load, 'POST', outcome);
}

async function removeOne(load: ImageLoad, entry: LedgerEntry | undefined): Promise<void> {
  if (!entry?.image) return;
  load.ledger.startDelete(entry.title);
  const outcome = await load.api.remove(entry.image.id);
  if (outcome.kind === 'answered' && outcome.status === 204) load.ledger.acknowledgeDelete(entry.title);
  else if (outcome.kind === 'answered' && outcome.status === 404)
    load.onViolation({ kind: 'lost', what: `${entry.title}: DELETE was answered 404 while it was stored` });
  else await noteFailure(load, 'DELETE', outcome);
}

// Down is allowed to be (503, a broken connection); to say that an acknowledged image is not there never is (P3).
async function readOne(load: ImageLoad, random: Random): Promise<void> {
  const entry = random.pick(load.ledger.stored());
  if (!entry?.image) return;
  const outcome = await load.api.serve(entry.image.image_url);
  if (load.ledger.entry(entry.title)?.fate !== 'stored') return; // deleted meanwhile by another client
  if (outcome.kind === 'broken' || outcome.status === 503) return noteFailure(load, 'GET', outcome);
  if (outcome.status !== 200)
    load.onViolation({ kind: 'lost', what: `${entry.title}: GET was answered ${outcome.status} while it was stored` });
  else if (outcome.value.sha256 !== entry.sha256)
    load.onViolation({ kind: 'torn', what: `${entry.title}: ${outcome.value.sizeBytes} other bytes were served` });
}

async function noteFailure(load: ImageLoad, method: string, outcome: Outcome<unknown>): Promise<void> {
  if (outcome.kind === 'answered') load.onRefused(`${method} ${outcome.status}`);
  await load.api.waitUntilReady();
}

function largest(ledger: ImageLedger): LedgerEntry | undefined {
  return ledger
    .stored()
    .reduce<LedgerEntry | undefined>(
      (most, entry) => (most && most.sizeBytes >= entry.sizeBytes ? most : entry),
      undefined,
    );
}
