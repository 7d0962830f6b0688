import { css, html, LitElement } from 'lit';
import { controlStyles } from './control-styles.ts';
import { uploadIcon } from './icons.ts';

/**
 * Takes files dropped anywhere on the window, and shows so while they hover over it. Folders are left out.
 * Fires `ks-files` (detail: the files), through shadow roots. For a mouse only: the keyboard has the upload button.
 */
export class DropZone extends LitElement {
  static override properties = { isOver: { state: true } };
  declare isOver: boolean;
  #listening: AbortController | undefined;

  constructor() {
    super();
    this.isOver = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    addEventListener('dragover', (event) => this.#onDragOver(event), { signal });
    addEventListener('dragleave', (event) => this.#onDragLeave(event), { signal });
    addEventListener('drop', (event) => this.#onDrop(event), { signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listening?.abort();
  }

  protected override render() {
    return html`<div ?hidden=${!this.isOver} aria-hidden="true">${uploadIcon} Drop to upload</div>`;
  }

  #onDragOver(event: DragEvent): void {
    if (!hasFiles(event)) return;
    event.preventDefault(); // else the browser would open the file in place of the page
    this.isOver = true;
  }

  #onDragLeave(event: DragEvent): void {
    if (event.relatedTarget === null) this.isOver = false; // left the window, not merely an element
  }

  #onDrop(event: DragEvent): void {
    if (!hasFiles(event)) return;
    event.preventDefault();
    this.isOver = false;
    const files = droppedFiles(event.dataTransfer);
    if (files.length > 0)
      this.dispatchEvent(new CustomEvent('ks-files', { detail: files, bubbles: true, composed: true }));
  }

  static override styles = [
    controlStyles,
    css`
      div {
        position: fixed;
        inset: var(--space-3);
        z-index: 20;
        display: flex;
        align-items: center;
        justify-content: center;
        gap: var(--space-2);
        border: 2px dashed var(--accent);
        border-radius: var(--radius);
        background: color-mix(in srgb, var(--accent-soft) 88%, transparent);
        color: var(--accent);
        font-size: 1.25rem;
        font-weight: 650;
        pointer-events: none;
      }
    `,
  ];
}

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') ?? false;
}

function droppedFiles(transfer: DataTransfer | null): File[] {
  return [...(transfer?.items ?? [])].flatMap((item) => {
    const file = item.webkitGetAsEntry()?.isDirectory ? null : item.getAsFile();
    return file ? [file] : [];
  });
}

customElements.define('ks-drop-zone', DropZone);
declare global {
  interface HTMLElementTagNameMap {
    'ks-drop-zone': DropZone;
  }
}
