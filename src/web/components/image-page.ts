import { Task } from '@lit/task';
import { css, html, LitElement, nothing } from 'lit';
import type { ImageJson } from '../../shared/image.ts';
import { type Failure, failureOf } from '../data/failure.ts';
import { formatBytes, formatCount, formatTime } from '../data/format.ts';
import { deleteImage, nameOf, readImage } from '../data/images.ts';
import { controlStyles } from './control-styles.ts';
import { backIcon, binIcon, downloadIcon } from './icons.ts';
import './confirm-dialog.ts';
import './copy-text.ts';
import './error-notice.ts';
import { srcsetOf, toneOf } from '../data/pictures.ts';
import './picture-frame.ts';
import './title-editor.ts';

/**
 * One image: its picture, its facts, retitle, download, delete. Fires `ks-image-changed` (detail: the image) and
 * `ks-image-deleted` (detail: its id); leaving the page after the latter is the owner's business.
 */
export class ImagePage extends LitElement {
  static override properties = {
    imageId: {},
    image: { state: true },
    deletion: { state: true },
    isDeleting: { state: true },
  };
  declare imageId: string;
  declare image: ImageJson | null;
  declare deletion: Failure | null;
  declare isDeleting: boolean;

  readonly #loading = new Task(this, {
    args: () => [this.imageId] as const,
    task: async ([id], { signal }) => {
      this.image = null;
      this.image = await readImage(id, signal);
    },
  });

  constructor() {
    super();
    this.imageId = '';
    this.image = null;
    this.deletion = null;
    this.isDeleting = false;
  }

  protected override render() {
    return html`
      <p><a class="back" href="/">${backIcon} All images</a></p>
      ${this.#loading.render({
        pending: () => html`<p class="muted" role="status">Loading…</p>`,
        complete: () => (this.image ? this.#renderImage(this.image) : nothing),
        error: (error) => html`
          <ks-error-notice
            .failure=${failureOf(error)}
            .canRetry=${failureOf(error).status !== 404}
            @ks-retry=${() => this.#loading.run()}
          ></ks-error-notice>
        `,
      })}
    `;
  }

  #renderImage(image: ImageJson) {
    const name = nameOf(image);
    return html`
      <div class="layout">
        <a class="picture" href=${image.image_url} target="_blank" rel="noopener" title="Open the image alone">
          <ks-picture-frame
            fit="contain"
            .src=${image.image_url}
            .srcset=${srcsetOf(image)}
            .tone=${toneOf(image)}
            .alt=${name}
          ></ks-picture-frame>
        </a>
        <div class="side">
          <ks-title-editor .image=${image} @ks-image-changed=${this.#onChanged}></ks-title-editor>
          ${this.#renderFacts(image)}
          <div class="buttons">
            <a class="button" href=${image.image_url} download=${image.original_name}>${downloadIcon} Download</a>
            <button class="danger" ?disabled=${this.isDeleting} @click=${this.#delete}>
              ${binIcon} ${this.isDeleting ? 'Deleting…' : 'Delete'}
            </button>
          </div>
          <ks-error-notice .failure=${this.deletion}></ks-error-notice>
        </div>
      </div>
      <ks-confirm-dialog heading="Delete this image?" confirmLabel="Delete image" isDangerous>
        <p>“${name}” disappears from the gallery, and its link stops working.</p>
      </ks-confirm-dialog>
    `;
  }

  #renderFacts(image: ImageJson) {
    const link = new URL(image.image_url, location.href).href;
    return html`
      <dl>
        <dt>File</dt>
        <dd>${image.original_name}</dd>
        <dt>Type</dt>
        <dd>${image.content_type}</dd>
        <dt>Size</dt>
        <dd>${formatBytes(image.size_bytes)} <span class="muted">(${formatCount(image.size_bytes)} bytes)</span></dd>
        <dt>Uploaded</dt>
        <dd><time datetime=${image.uploaded_at}>${formatTime(image.uploaded_at)}</time></dd>
        <dt>SHA-256</dt>
        <dd><ks-copy-text label="SHA-256" .text=${image.sha256}></ks-copy-text></dd>
        <dt>Key in S3</dt>
        <dd><ks-copy-text label="key" .text=${image.key}></ks-copy-text></dd>
        <dt>Link</dt>
        <dd><ks-copy-text label="link" .text=${link}></ks-copy-text></dd>
      </dl>
    `;
  }

  #onChanged({ detail }: CustomEvent<ImageJson>): void {
    this.image = detail;
  }

  async #delete(): Promise<void> {
    const id = this.imageId;
    if (!(await this.renderRoot.querySelector('ks-confirm-dialog')?.ask())) return;
    this.isDeleting = true;
    this.deletion = null;
    try {
      await deleteImage(id);
      this.dispatchEvent(new CustomEvent('ks-image-deleted', { detail: id, bubbles: true, composed: true }));
    } catch (error) {
      this.deletion = failureOf(error);
    } finally {
      this.isDeleting = false;
    }
  }

  static override styles = [
    controlStyles,
    css`
      :host {
        display: block;
      }
      .back {
        display: inline-flex;
        align-items: center;
        gap: var(--space-2);
        min-height: 40px;
        text-decoration: none;
      }
      .layout {
        display: grid;
        gap: var(--space-5);
        margin-top: var(--space-2);
      }
      .picture {
        display: block;
        min-width: 0;
      }
      ks-picture-frame {
        height: min(70dvh, 44rem);
        border: 1px solid var(--line);
        border-radius: var(--radius);
      }
      .side {
        display: grid;
        align-content: start;
        gap: var(--space-4);
        min-width: 0;
      }
      dl {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--space-1) var(--space-4);
        margin: 0;
        font-size: 0.9375rem;
      }
      dt {
        padding-top: 4px;
        color: var(--text-muted);
      }
      dd {
        margin: 0;
        padding-top: 4px;
        overflow-wrap: anywhere;
      }
      dd:has(ks-copy-text) {
        padding-top: 0;
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2);
      }
      @media (width < 900px) {
        ks-picture-frame {
          height: auto;
          max-height: 65dvh;
          aspect-ratio: 4 / 3;
        }
      }
      @media (width >= 900px) {
        .layout {
          grid-template-columns: minmax(0, 1fr) 22rem;
        }
      }
    `,
  ];
}

customElements.define('ks-image-page', ImagePage);
declare global {
  interface HTMLElementTagNameMap {
    'ks-image-page': ImagePage;
  }
}
