import { css, html, LitElement } from 'lit';
import { controlStyles } from './control-styles.ts';
import { copyIcon, doneIcon } from './icons.ts';

/** A text to be copied (a checksum, a key, a link), with its button. Where the clipboard is closed the text is selected. */
export class CopyText extends LitElement {
  static override properties = { text: {}, label: {}, outcome: { state: true } };
  declare text: string;
  declare label: string;
  declare outcome: 'none' | 'copied' | 'selected';

  constructor() {
    super();
    this.text = '';
    this.label = '';
    this.outcome = 'none';
  }

  protected override render() {
    return html`
      <code>${this.text}</code>
      <button class="plain" aria-label=${`Copy ${this.label}`} title=${`Copy ${this.label}`} @click=${this.#copy}>
        ${this.outcome === 'copied' ? doneIcon : copyIcon}
      </button>
      <span class="for-screen-readers" role="status">${this.outcome === 'none' ? '' : `${this.label} ${this.outcome}`}</span>
    `;
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.text);
      this.outcome = 'copied';
    } catch {
      const code = this.renderRoot.querySelector('code'); // no secure context or no permission: Ctrl-C still works
      if (code) getSelection()?.selectAllChildren(code);
      this.outcome = 'selected';
    }
  }

  static override styles = [
    controlStyles,
    css`
      :host {
        display: flex;
        align-items: flex-start;
        gap: var(--space-1);
      }
      code {
        min-width: 0;
        padding-top: 5px;
      }
      button.plain {
        flex: none;
      }
    `,
  ];
}

customElements.define('ks-copy-text', CopyText);
declare global {
  interface HTMLElementTagNameMap {
    'ks-copy-text': CopyText;
  }
}
