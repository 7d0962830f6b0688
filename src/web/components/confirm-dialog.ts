import { css, html, LitElement } from 'lit';
import { controlStyles } from './control-styles.ts';

/**
 * Asks before something that matters; what it says is its slotted content. `ask()` opens it and resolves with the
 * answer; Escape is a no. The focus starts on Cancel, so that Enter alone destroys nothing.
 */
export class ConfirmDialog extends LitElement {
  static override properties = { heading: {}, confirmLabel: {}, isDangerous: { type: Boolean } };
  declare heading: string;
  declare confirmLabel: string;
  declare isDangerous: boolean;
  #answer: ((isConfirmed: boolean) => void) | undefined;

  constructor() {
    super();
    this.heading = '';
    this.confirmLabel = 'OK';
    this.isDangerous = false;
  }

  /** Opens the dialog. A question still open is answered no. */
  async ask(): Promise<boolean> {
    await this.updateComplete;
    this.#settle(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#answer = resolve;
    this.#dialog()?.showModal();
    return promise;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#settle(false);
  }

  protected override render() {
    return html`
      <dialog aria-labelledby="heading" @close=${() => this.#settle(false)}>
        <h2 id="heading">${this.heading}</h2>
        <div class="body"><slot></slot></div>
        <div class="buttons">
          <button autofocus @click=${() => this.#close(false)}>Cancel</button>
          <button class=${this.isDangerous ? 'primary danger' : 'primary'} @click=${() => this.#close(true)}>
            ${this.confirmLabel}
          </button>
        </div>
      </dialog>
    `;
  }

  #close(isConfirmed: boolean): void {
    this.#settle(isConfirmed);
    this.#dialog()?.close();
  }

  #settle(isConfirmed: boolean): void {
    this.#answer?.(isConfirmed);
    this.#answer = undefined;
  }

  #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector('dialog');
  }

  static override styles = [
    controlStyles,
    css`
      dialog {
        width: min(34rem, calc(100vw - 2 * var(--space-4)));
        max-height: calc(100dvh - 2 * var(--space-5));
        padding: var(--space-5);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        color: var(--text);
        box-shadow: var(--shadow);
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 45%);
      }
      .body {
        margin: var(--space-3) 0 var(--space-5);
        overflow-wrap: anywhere;
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        justify-content: flex-end;
        gap: var(--space-2);
      }
    `,
  ];
}

customElements.define('ks-confirm-dialog', ConfirmDialog);
declare global {
  interface HTMLElementTagNameMap {
    'ks-confirm-dialog': ConfirmDialog;
  }
}
