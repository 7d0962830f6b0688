import { css, html, LitElement, nothing } from 'lit';
import { asSentence } from '../data/failure.ts';
import { formatBytes, percentOf } from '../data/format.ts';
import { imagePagePath } from '../data/routes.ts';
import type { Upload } from '../data/upload-queue.ts';
import { controlStyles } from './control-styles.ts';
import { againIcon, closeIcon } from './icons.ts';

/** One upload: its name, how far it is, why it failed. Fires `ks-cancel` and `ks-retry` (bubbling, detail: its id). */
export class UploadRow extends LitElement {
  static override properties = { upload: { attribute: false } };
  declare upload: Upload | null;

  constructor() {
    super();
    this.upload = null;
  }

  protected override render() {
    const { upload } = this;
    if (!upload) return nothing;
    return html`
      <span class="name" title=${upload.name}>${this.#renderName(upload)}</span>
      <span class="size muted">${formatBytes(upload.sizeBytes)}</span>
      ${this.#renderButton(upload)} ${this.#renderState(upload)}
    `;
  }

  #renderName({ name, state }: Upload) {
    return state.kind === 'done' ? html`<a href=${imagePagePath(state.image.id)}>${name}</a>` : name;
  }

  #renderButton({ name, state }: Upload) {
    if (state.kind === 'done') return nothing;
    if (state.kind === 'failed' || state.kind === 'cancelled')
      return html`<button class="plain" aria-label=${`Retry ${name}`} @click=${this.#retry}>${againIcon} Retry</button>`;
    return html`<button class="plain" aria-label=${`Cancel ${name}`} @click=${this.#cancel}>${closeIcon}</button>`;
  }

  #renderState({ name, sizeBytes, state }: Upload) {
    switch (state.kind) {
      case 'waiting':
        return html`<span class="state muted">Waiting</span>`;
      case 'cancelled':
        return html`<span class="state muted">Cancelled</span>`;
      case 'done':
        return html`<span class="state good">Stored</span>`;
      case 'failed':
        return html`<span class="state bad">
          ${asSentence(state.failure.what)}
          ${state.failure.expected ? html`Expected: ${state.failure.expected}.` : nothing}
          ${state.failure.remedy ? asSentence(state.failure.remedy) : nothing}
        </span>`;
      case 'sending': {
        const isStoring = state.sentBytes >= sizeBytes;
        return html`
          <progress aria-label=${`Upload of ${name}`} max=${Math.max(1, sizeBytes)} .value=${state.sentBytes}></progress>
          <span class="state muted">${isStoring ? 'Storing…' : `${percentOf(state.sentBytes, sizeBytes)} %`}</span>
        `;
      }
    }
  }

  #cancel(): void {
    this.#fire('ks-cancel');
  }

  #retry(): void {
    this.#fire('ks-retry');
  }

  #fire(name: string): void {
    this.dispatchEvent(new CustomEvent(name, { detail: this.upload?.id, bubbles: true, composed: true }));
  }

  static override styles = [
    controlStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto auto;
        align-items: center;
        gap: 0 var(--space-2);
        padding: var(--space-2) var(--space-4);
        border-top: 1px solid var(--line);
        font-size: 0.875rem;
      }
      .name {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .state {
        grid-column: 1 / -1;
        font-size: 0.8125rem;
        overflow-wrap: anywhere;
      }
      .good {
        color: var(--good);
      }
      .bad {
        color: var(--bad);
      }
      progress {
        grid-column: 1 / -1;
        width: 100%;
        height: 6px;
        accent-color: var(--accent);
      }
      button.plain {
        min-height: 28px;
        font-size: 0.8125rem;
      }
    `,
  ];
}

customElements.define('ks-upload-row', UploadRow);
declare global {
  interface HTMLElementTagNameMap {
    'ks-upload-row': UploadRow;
  }
}
