// The images of the API: pages, one, retitle, delete, and why one can't be shown.
import type { ImageJson, Page } from '../../shared/image.ts';
import { type Failure, failureOfAnswer, noAnswer } from './failure.ts';
import { requestJson } from './request.ts';

/** Images a page. A multiple of every number of columns (2 to 5), so that full chunks leave no hole in the grid. */
export const pageSize = 60;

/** One page, newest first; `next` is the path that the page before named, or null for the first. */
export function listImages(next: string | null, signal?: AbortSignal): Promise<Page<ImageJson>> {
  return requestJson(next ?? `/api/images/?limit=${pageSize}`, signal ? { signal } : {});
}

export function readImage(id: string, signal?: AbortSignal): Promise<ImageJson> {
  return requestJson(imagePath(id), signal ? { signal } : {});
}

/** The image with its new title. */
export function retitleImage(id: string, title: string): Promise<ImageJson> {
  return requestJson(imagePath(id), { method: 'PATCH', body: { title } });
}

/** Deletes the image for all; its object stays undoable where a keeper keeps it. */
export function deleteImage(id: string): Promise<void> {
  return requestJson(imagePath(id), { method: 'DELETE' });
}

/** Why a picture could not be shown: an `<img>` hides its answer, so its first byte is asked for again. */
export async function whyBroken(imageUrl: string, signal: AbortSignal): Promise<Failure> {
  try {
    const answer = await fetch(imageUrl, { headers: { range: 'bytes=0-0' }, signal, cache: 'no-store' });
    if (!answer.ok) return failureOfAnswer(answer.status, await answer.text());
    await answer.body?.cancel();
  } catch {
    return noAnswer;
  }
  return {
    code: 'NotShown',
    status: null,
    what: "its bytes are there, but this browser can't show them as a picture",
    remedy: 'Download it and open it with another program, or reload the page.',
  };
}

/** Its name for people: its title, else the name of its file. */
export function nameOf(image: Pick<ImageJson, 'title' | 'original_name'>): string {
  return image.title.trim() || image.original_name;
}

function imagePath(id: string): string {
  return `/api/images/${encodeURIComponent(id)}/`;
}
