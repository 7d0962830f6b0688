// The promises to users of the image API, image by image, and what breaks such a promise. Keeps a few words per image,
// never its bytes; the title, which no two images share, is how an image is known again after a crash.
import { assertNever } from '../../src/shared/errors.ts';
import type { ImageJson } from '../../src/shared/image.ts';

/** `lost`: acknowledged and not there. `torn`: served, but not what was sent. `resurrected`: deleted, and there again. */
export interface Violation {
  readonly kind: 'lost' | 'torn' | 'resurrected';
  readonly what: string;
}

export interface SentImage {
  readonly title: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** `sent` and `deleting` are requests without an answer: either outcome is right, half of one is not. */
export type Fate = 'sent' | 'stored' | 'deleting' | 'deleted';

export interface LedgerEntry extends SentImage {
  readonly fate: Fate;
  /** As the API showed it; undefined until it did. */
  readonly image: ImageJson | undefined;
}

export interface ImageLedger {
  send(image: SentImage): void;
  /** Answered 201. */
  acknowledge(title: string, image: ImageJson): Violation[];
  startDelete(title: string): void;
  acknowledgeDelete(title: string): void;
  /** In a listing, when nothing else was under way: a `sent` image is stored from now on, a `deleting` one is not deleted. */
  seen(image: ImageJson): Violation[];
  /** In no page of a whole listing, when nothing else was under way. */
  unseen(title: string): Violation[];
  /** Images whose bytes must be served now. */
  stored(): readonly LedgerEntry[];
  storedBytes(): number;
  entries(): Iterable<LedgerEntry>;
  entry(title: string): LedgerEntry | undefined;
}

type MutableEntry = { -readonly [K in keyof LedgerEntry]: LedgerEntry[K] };

export function createImageLedger(): ImageLedger {
  const entries = new Map<string, MutableEntry>();
  const entryOf = (title: string): MutableEntry => {
    const entry = entries.get(title);
    if (!entry) throw new Error(`${title} was never sent`);
    return entry;
  };
  const stored = () => [...entries.values()].filter(({ fate }) => fate === 'stored');
  return {
    send: (image) => void entries.set(image.title, { ...image, fate: 'sent', image: undefined }),
    acknowledge(title, image) {
      const entry = entryOf(title);
      Object.assign(entry, { fate: 'stored', image });
      return differences(entry, image);
    },
    startDelete: (title) => void Object.assign(entryOf(title), { fate: 'deleting' }),
    acknowledgeDelete: (title) => void Object.assign(entryOf(title), { fate: 'deleted' }),
    seen(image) {
      const entry = entries.get(image.title);
      if (!entry) return [{ kind: 'torn', what: `${image.key} is listed as ${image.title}, which nobody sent` }];
      if (entry.fate === 'deleted') return [{ kind: 'resurrected', what: `${image.title} (${image.key}) is listed` }];
      Object.assign(entry, { fate: 'stored', image });
      return differences(entry, image);
    },
    unseen(title) {
      const entry = entryOf(title);
      switch (entry.fate) {
        case 'stored':
          return [{ kind: 'lost', what: `${title} (${entry.image?.key}) is not listed` }];
        case 'deleting':
          entry.fate = 'deleted';
          return [];
        case 'sent': // an upload cut in half may still be finished by the reaper
        case 'deleted':
          return [];
        default:
          return assertNever(entry.fate);
      }
    },
    stored,
    storedBytes: () => stored().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    entries: () => entries.values(),
    entry: (title) => entries.get(title),
  };
}

function differences(sent: SentImage, shown: ImageJson): Violation[] {
  if (shown.sha256 === sent.sha256 && shown.size_bytes === sent.sizeBytes) return [];
  const what = `${sent.title}: sent ${sent.sizeBytes} bytes ${sent.sha256}, shown ${shown.size_bytes} bytes ${shown.sha256}`;
  return [{ kind: 'torn', what }];
}
