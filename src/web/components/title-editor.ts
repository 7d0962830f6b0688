import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import type { ImageJson } from '../../shared/image.ts';
import { type Failure, failureOf } from '../data/failure.ts';
import { nameOf, retitleImage } from '../data/images.ts';
import { controlStyles } from './control-styles.ts';
import { pencilIcon } from './icons.ts';
import './error-notice.ts';

/** An image's title as a heading that can be edited in place. Fires `ks-image-changed` (detail: the image), bubbling. */
export class TitleEditor extends LitElement {
  static override properties = {
    image: { attribute: false },
    mode: { state: true },
    failure: { state: true },
  };
  declare image: ImageJson | null;
  declare mode: 'reading' | 'editing' | 'saving';
  declare failure: Failure | null;

  constructor() {
    super();
    this.image = null;
    this.mode = 'reading';
    this.failure = null;
  }

  protected override render() {
    if (!this.image) return nothing;
    return this.mode === 'reading' ? this.#renderHeading(this.image) : this.#renderForm(this.image);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.get('mode') === 'reading' && this.mode === 'editing') this.renderRoot.querySelector('input')?.select();
    if (changed.has('mode') && this.mode === 'reading' && changed.get('mode') !== undefined)
      this.renderRoot.querySelector('button')?.focus();
  }

  #renderHeading(image: ImageJson) {
    return html`
      <h1>${nameOf(image)}</h1>
      <button class="plain" @click=${this.#edit}>${pencilIcon} Edit title</button>
    `;
  }

  #renderForm(image: ImageJson) {
    const isSaving = this.mode === 'saving';
    return html`
      <form @submit=${this.#save} @keydown=${this.#onKey}>
        <label for="title">Title</label>
        <input
          id="title" name="title" type="text" maxlength="200" autocomplete="off"
          .value=${image.title} placeholder=${image.original_name} ?disabled=${isSaving}
        />
        <div class="buttons">
          <button class="primary" ?disabled=${isSaving}>${isSaving ? 'Saving…' : 'Save'}</button>
          <button type="button" ?disabled=${isSaving} @click=${this.#stop}>Cancel</button>
        </div>
      </form>
      <ks-error-notice .failure=${this.failure}></ks-error-notice>
    `;
  }

  #edit(): void {
    this.failure = null;
    this.mode = 'editing';
  }

  #stop(): void {
    this.mode = 'reading';
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.mode === 'editing') this.#stop();
  }

  async #save(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const { image } = this;
    if (!image) return;
    const title = String(new FormData(event.currentTarget as HTMLFormElement).get('title') ?? '').trim();
    this.mode = 'saving';
    this.failure = null;
    try {
      const changed = await retitleImage(image.id, title);
      this.dispatchEvent(new CustomEvent('ks-image-changed', { detail: changed, bubbles: true, composed: true }));
      this.mode = 'reading';
    } catch (error) {
      this.failure = failureOf(error);
      this.mode = 'editing';
    }
  }

  static override styles = [
    controlStyles,
    css`
      :host {
        display: grid;
        justify-items: start;
        gap: var(--space-2);
        min-width: 0;
      }
      h1 {
        max-width: 100%;
        overflow-wrap: anywhere;
      }
      button.plain {
        margin-left: calc(-1 * var(--space-2));
      }
      form {
        display: grid;
        gap: var(--space-2);
        width: 100%;
      }
      label {
        font-weight: 550;
      }
      .buttons {
        display: flex;
        gap: var(--space-2);
      }
    `,
  ];
}

customElements.define('ks-title-editor', TitleEditor);
declare global {
  interface HTMLElementTagNameMap {
    'ks-title-editor': TitleEditor;
  }
}
