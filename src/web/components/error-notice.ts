import { css, html, LitElement, nothing } from 'lit';
import { asSentence, type Failure } from '../data/failure.ts';
import { controlStyles } from './control-styles.ts';
import { alertIcon } from './icons.ts';

/**
 * Says one failure: what, what was expected and came instead, and what to do. Announced when it appears.
 * Fires `ks-retry` from its button, which is there with `canRetry`.
 */
export class ErrorNotice extends LitElement {
  static override properties = { failure: { attribute: false }, canRetry: { type: Boolean } };
  declare failure: Failure | null;
  declare canRetry: boolean;

  constructor() {
    super();
    this.failure = null;
    this.canRetry = false;
  }

  protected override render() {
    if (!this.failure) return nothing;
    const { what, expected, got, remedy, code } = this.failure;
    return html`
      <div role="alert">
        ${alertIcon}
        <div class="words">
          <p class="what">${asSentence(what)}</p>
          ${expected ? html`<p>Expected: ${expected}</p>` : nothing}
          ${got ? html`<p>Got: ${got}</p>` : nothing}
          ${remedy ? html`<p>${asSentence(remedy)}</p>` : nothing}
          <p class="muted"><code>${code}</code></p>
        </div>
        ${this.canRetry ? html`<button @click=${this.#retry}>Try again</button>` : nothing}
      </div>
    `;
  }

  #retry(): void {
    this.dispatchEvent(new Event('ks-retry'));
  }

  static override styles = [
    controlStyles,
    css`
      :host {
        display: contents; /* without a failure it takes no place, not even a grid's gap */
      }
      [role='alert'] {
        display: flex;
        flex-wrap: wrap;
        align-items: flex-start;
        gap: var(--space-3);
        padding: var(--space-4);
        border: 1px solid var(--bad);
        border-radius: var(--radius);
        background: var(--bad-soft);
      }
      svg {
        flex: none;
        margin-top: 2px;
        color: var(--bad);
      }
      .words {
        flex: 1 1 12rem;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .what {
        font-weight: 650;
      }
    `,
  ];
}

customElements.define('ks-error-notice', ErrorNotice);
declare global {
  interface HTMLElementTagNameMap {
    'ks-error-notice': ErrorNotice;
  }
}
