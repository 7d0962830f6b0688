import { Task, TaskStatus } from '@lit/task';
import { css, html, LitElement, nothing } from 'lit';
import { failureOf } from '../data/failure.ts';
import { countOf } from '../data/format.ts';
import type { Gallery } from '../data/gallery.ts';
import { emptyList, hasMore, type ImageList, inChunks } from '../data/image-list.ts';
import { pageSize } from '../data/images.ts';
import { controlStyles } from './control-styles.ts';
import './error-notice.ts';
import './gallery-chunk.ts';
import './upload-button.ts';

/**
 * All images, newest first. Loads the next page when its end comes near the window, and by a button.
 * `list` is the gallery's list as it is now; the owner sets it anew at each change.
 */
export class GalleryPage extends LitElement {
  static override properties = { gallery: { attribute: false }, list: { attribute: false } };
  declare gallery: Gallery | null;
  declare list: ImageList;

  readonly #loading = new Task(this, {
    task: async (_, { signal }) => this.gallery?.loadMore(signal),
    autoRun: false,
  });
  readonly #nearEnd = new IntersectionObserver((entries) => this.#onNearEnd(entries), { rootMargin: '1200px' });

  constructor() {
    super();
    this.gallery = null;
    this.list = emptyList;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#nearEnd.disconnect();
  }

  protected override firstUpdated(): void {
    if (!this.list.isStarted) this.#loadMore();
  }

  /** Observing anew reports again: the end may still be near after a page was added. */
  protected override updated(): void {
    this.#nearEnd.disconnect();
    const end = this.renderRoot.querySelector('.end');
    if (end) this.#nearEnd.observe(end);
  }

  protected override render() {
    const { images, isStarted } = this.list;
    return html`
      <header>
        <div>
          <h1>Images</h1>
          <p class="muted" role="status">${this.#countSentence()}</p>
        </div>
        <ks-upload-button></ks-upload-button>
      </header>
      ${isStarted && images.length === 0 && !hasMore(this.list) ? this.#renderEmpty() : nothing}
      ${inChunks(images, pageSize).map((chunk) => html`<ks-gallery-chunk .images=${chunk}></ks-gallery-chunk>`)}
      ${this.#renderEnd()}
    `;
  }

  #countSentence(): string {
    if (!this.list.isStarted) return this.#loading.status === TaskStatus.ERROR ? '' : 'Loading…';
    const count = countOf(this.list.images.length, 'image');
    return hasMore(this.list) ? `${count} loaded, there are more` : count;
  }

  #renderEmpty() {
    return html`
      <div class="empty">
        <h2>No images yet</h2>
        <p class="muted">Drop some files anywhere on this page, or choose them. PNG, JPEG, GIF, WebP, AVIF and SVG.</p>
        <ks-upload-button></ks-upload-button>
      </div>
    `;
  }

  #renderEnd() {
    return this.#loading.render({
      initial: () => this.#renderMore(),
      pending: () => (this.list.isStarted ? html`<p class="note muted">Loading more…</p>` : this.#renderSkeleton()),
      complete: () => this.#renderMore(),
      error: (error) => html`
        <ks-error-notice .failure=${failureOf(error)} .canRetry=${true} @ks-retry=${this.#loadMore}></ks-error-notice>
      `,
    });
  }

  #renderMore() {
    if (!hasMore(this.list)) return nothing;
    return html`<p class="end note"><button @click=${this.#loadMore}>Load more</button></p>`;
  }

  #renderSkeleton() {
    return html`<div class="skeleton" aria-hidden="true">${Array.from({ length: 10 }, () => html`<i></i>`)}</div>`;
  }

  /** Several reports may come at once, the oldest first: the last one holds. */
  #onNearEnd(entries: readonly IntersectionObserverEntry[]): void {
    if (entries.at(-1)?.isIntersecting) this.#loadMore();
  }

  #loadMore(): void {
    void this.#loading.run();
  }

  static override styles = [
    controlStyles,
    css`
      :host {
        display: block;
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: var(--space-3);
        margin-bottom: var(--space-4);
      }
      .empty {
        display: grid;
        justify-items: center;
        gap: var(--space-3);
        padding: var(--space-6) var(--space-4);
        border: 2px dashed var(--line);
        border-radius: var(--radius);
        text-align: center;
      }
      .note {
        padding: var(--space-4);
        text-align: center;
      }
      .skeleton {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(14rem, 45%), 1fr));
        gap: var(--space-4);
      }
      .skeleton i {
        aspect-ratio: 1.1;
        border-radius: var(--radius);
        background: var(--surface-sunk);
        animation: breathe 1.4s ease-in-out infinite alternate;
      }
      @keyframes breathe {
        to {
          opacity: 0.45;
        }
      }
    `,
  ];
}

customElements.define('ks-gallery-page', GalleryPage);
declare global {
  interface HTMLElementTagNameMap {
    'ks-gallery-page': GalleryPage;
  }
}
