// The image API as a client of the crash harness sees it: answers, or connections that broke, never an exception.
import { createHash } from 'node:crypto';
import { reasonOf } from '../../src/shared/errors.ts';
import { type ImageJson, imageTypes, type Page } from '../../src/shared/image.ts';
import { paths } from '../../src/shared/names.ts';
import { waitFor } from '../support/wait-for.ts';
import type { PlannedImage } from './image-plan.ts';

/** The answer; `broken`: no answer, or not all of it. Then nothing is known about the request. */
export type Outcome<T> =
  | { readonly kind: 'answered'; readonly status: number; readonly value: T }
  | { readonly kind: 'broken'; readonly reason: string };

export interface Served {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly contentType: string | null;
}

export interface ImageApi {
  /** `value` is the image only with status 201; else an error's body. */
  upload(image: PlannedImage, bytes: Buffer): Promise<Outcome<unknown>>;
  remove(id: string): Promise<Outcome<unknown>>;
  /** Reads all of an image's bytes, keeping none. */
  serve(imageUrl: string): Promise<Outcome<Served>>;
  /** All images, page by page. @throws Error when a page can't be had */
  list(): AsyncGenerator<ImageJson, void, void>;
  /** Resolves when the API says that all is there. */
  waitUntilReady(): Promise<void>;
}

const timeoutMs = 120_000;

export function createImageApi(baseUrl: string): ImageApi {
  const request = async <T>(
    path: string,
    init: RequestInit,
    read: (answer: Response) => Promise<T>,
  ): Promise<Outcome<T>> => {
    try {
      const answer = await fetch(new URL(path, baseUrl), { ...init, signal: AbortSignal.timeout(timeoutMs) });
      return { kind: 'answered', status: answer.status, value: await read(answer) };
    } catch (error) {
      return { kind: 'broken', reason: reasonOf(error) };
    }
  };
  const isReady = async (): Promise<boolean> => {
    const answer = await request('/readyz', {}, readJson);
    return answer.kind === 'answered' && answer.status === 200;
  };
  let waiting: Promise<boolean> | undefined; // one question for all clients
  return {
    upload({ title, type }, bytes) {
      const body = new FormData();
      body.set('title', title);
      body.set('image', new Blob([new Uint8Array(bytes)], { type }), `${title}.${imageTypes[type]}`);
      return request(paths.images, { method: 'POST', body }, readJson);
    },
    remove: (id) => request(`${paths.images}${id}/`, { method: 'DELETE' }, readJson),
    serve: (imageUrl) => request(imageUrl, {}, digest),
    async waitUntilReady() {
      waiting ??= waitFor('the API to be ready', isReady, { timeoutMs: 240_000 }).finally(() => {
        waiting = undefined;
      });
      await waiting;
    },
    async *list() {
      let next: string | null = `${paths.images}?limit=200`;
      while (next !== null) {
        const page: Outcome<unknown> = await request(next, {}, readJson);
        if (page.kind === 'broken') throw new Error(`the list of images broke off: ${page.reason}`);
        if (page.status !== 200) throw new Error(`the list of images: ${page.status} ${JSON.stringify(page.value)}`);
        const { results, next: following } = page.value as Page<ImageJson>;
        yield* results;
        next = following;
      }
    },
  };
}

async function readJson(answer: Response): Promise<unknown> {
  const text = await answer.text();
  return text === '' ? null : JSON.parse(text);
}

async function digest(answer: Response): Promise<Served> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of answer.body ?? []) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, sha256: hash.digest('hex'), contentType: answer.headers.get('content-type') };
}
