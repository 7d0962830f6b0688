import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { countOf, percentOf } from '../data/format.ts';
import { inTrayOrder, totalsOf, type UploadQueue } from '../data/upload-queue.ts';
import { controlStyles } from './control-styles.ts';
import { closeIcon } from './icons.ts';
import './upload-row.ts';

/** Rows shown at most; more are only counted, so that dropping thousands of files stays quick. */
const rowLimit = 100;

/**
 * The uploads of this page, in a corner: the whole's progress, and a row each. Not there while there are none.
 * Fires `ks-cancel` and `ks-retry` (detail: an upload's id) and `ks-clear`, once none is open.
 */
export class UploadTray extends LitElement {
  static override properties = { queue: { attribute: false }, isFolded: { state: true } };
  declare queue: UploadQueue;
  declare isFolded: boolean;

  constructor() {
    super();
    this.queue = [];
    this.isFolded = false;
  }

  /** Unfolds when an upload begins, folds when all are stored; what can be retried stays in sight. */
  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('queue');
    if (!before) return;
    const hadOpen = totalsOf(before).open > 0;
    if (!hadOpen && totalsOf(this.queue).open > 0) this.isFolded = false;
    if (hadOpen && this.queue.every(({ state }) => state.kind === 'done')) this.isFolded = true;
  }

  protected override render() {
    return html`
      <p class="for-screen-readers" role="status">${this.queue.length > 0 ? this.#sentence() : nothing}</p>
      ${this.queue.length > 0 ? this.#renderTray() : nothing}
    `;
  }

  #renderTray() {
    const { open, sentBytes, sizeBytes } = totalsOf(this.queue);
    const shown = inTrayOrder(this.queue).slice(0, rowLimit);
    return html`
      <section aria-label="Uploads">
        <header>
          <h2>${this.#sentence()}</h2>
          <button class="plain" aria-expanded=${!this.isFolded} @click=${this.#fold}>
            ${this.isFolded ? 'Show' : 'Hide'}
          </button>
          ${
            open === 0
              ? html`<button class="plain" aria-label="Close the list of uploads" @click=${this.#clear}>${closeIcon}</button>`
              : nothing
          }
          ${
            open > 0
              ? html`<progress aria-label="All uploads" max="100" .value=${percentOf(sentBytes, sizeBytes)}></progress>`
              : nothing
          }
        </header>
        <div class="rows" ?hidden=${this.isFolded}>
          ${repeat(
            shown,
            ({ id }) => id,
            (upload) => html`<ks-upload-row .upload=${upload}></ks-upload-row>`,
          )}
          ${
            shown.length < this.queue.length
              ? html`<p class="more muted">and ${countOf(this.queue.length - shown.length, 'more', 'more')}</p>`
              : nothing
          }
        </div>
      </section>
    `;
  }

  #sentence(): string {
    const { open, done, failed } = totalsOf(this.queue);
    const parts = [
      open > 0 && `Uploading ${countOf(open, 'image')}`,
      done > 0 && `${done} stored`,
      failed > 0 && `${failed} failed`,
    ].filter((part) => part !== false);
    return parts.join(', ') || 'Cancelled';
  }

  #fold(): void {
    this.isFolded = !this.isFolded;
  }

  #clear(): void {
    this.dispatchEvent(new Event('ks-clear'));
  }

  static override styles = [
    controlStyles,
    css`
      section {
        position: fixed;
        right: var(--space-4);
        bottom: var(--space-4);
        z-index: 10;
        display: flex;
        flex-direction: column;
        width: min(24rem, calc(100vw - 2 * var(--space-4)));
        max-height: min(26rem, 60dvh);
        overflow: hidden;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-1);
        padding: var(--space-2) var(--space-2) var(--space-2) var(--space-4);
      }
      h2 {
        flex: 1;
        font-size: 0.9375rem;
      }
      header progress {
        flex: 1 0 100%;
        width: 100%;
        height: 6px;
        margin-right: var(--space-2);
        accent-color: var(--accent);
      }
      .rows {
        overflow-y: auto;
        overscroll-behavior: contain;
      }
      .more {
        padding: var(--space-2) var(--space-4);
        border-top: 1px solid var(--line);
        font-size: 0.875rem;
      }
    `,
  ];
}

customElements.define('ks-upload-tray', UploadTray);
declare global {
  interface HTMLElementTagNameMap {
    'ks-upload-tray': UploadTray;
  }
}
