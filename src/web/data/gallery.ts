// The gallery's list over time. It outlives the gallery's page, so going back shows what was there at once.
import type { ImageJson } from '../../shared/image.ts';
import { emptyList, hasMore, type ImageList, withImage, withoutImage, withPage } from './image-list.ts';
import { listImages } from './images.ts';

/** Fires `change` after each change of `list`. */
export class Gallery extends EventTarget {
  #list: ImageList = emptyList;

  get list(): ImageList {
    return this.#list;
  }

  /** Loads the next page, or nothing at the end. @throws RequestFailed */
  async loadMore(signal: AbortSignal): Promise<void> {
    if (!hasMore(this.#list)) return;
    const { next } = this.#list;
    const page = await listImages(next, signal);
    if (this.#list.next === next) this.#set(withPage(this.#list, page)); // else another load was first
  }

  put(image: ImageJson): void {
    this.#set(withImage(this.#list, image));
  }

  remove(id: string): void {
    this.#set(withoutImage(this.#list, id));
  }

  #set(list: ImageList): void {
    this.#list = list;
    this.dispatchEvent(new Event('change'));
  }
}
