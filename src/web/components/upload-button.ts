import { html, LitElement } from 'lit';
import { controlStyles } from './control-styles.ts';
import { uploadIcon } from './icons.ts';

/** The types that the API takes; it judges by content, this only filters the file dialog. */
const accepted = 'image/png,image/jpeg,image/gif,image/webp,image/avif,image/svg+xml';

/** Opens the file dialog. Fires `ks-files` (detail: the files), through shadow roots. */
export class UploadButton extends LitElement {
  protected override render() {
    return html`
      <button class="primary" @click=${this.#open}>${uploadIcon} Upload images</button>
      <input type="file" accept=${accepted} multiple hidden aria-label="Images to upload" @change=${this.#onChange} />
    `;
  }

  #open(): void {
    this.renderRoot.querySelector('input')?.click();
  }

  #onChange(event: Event): void {
    const input = event.currentTarget as HTMLInputElement;
    const files = [...(input.files ?? [])];
    input.value = ''; // so that the same file can be chosen again
    if (files.length > 0)
      this.dispatchEvent(new CustomEvent('ks-files', { detail: files, bubbles: true, composed: true }));
  }

  static override styles = controlStyles;
}

customElements.define('ks-upload-button', UploadButton);
declare global {
  interface HTMLElementTagNameMap {
    'ks-upload-button': UploadButton;
  }
}
