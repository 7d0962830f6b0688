import { css, html, LitElement, nothing } from 'lit';
import type { ImageJson } from '../../shared/image.ts';
import { formatAge, formatBytes, formatTime } from '../data/format.ts';
import { nameOf } from '../data/images.ts';
import { srcsetOf, toneOf } from '../data/pictures.ts';
import { imagePagePath } from '../data/routes.ts';
import { controlStyles } from './control-styles.ts';
import './picture-frame.ts';

// As gallery-chunk.ts lays its columns out.
const cardSizes = '(width >= 1200px) 20vw, (width >= 900px) 25vw, (width >= 640px) 33vw, 50vw';

/** One image of the gallery: its picture, name, age and size; the whole card is the link to its page. */
export class ImageCard extends LitElement {
  static override properties = { image: { attribute: false } };
  declare image: ImageJson | null;

  constructor() {
    super();
    this.image = null;
  }

  protected override render() {
    const { image } = this;
    if (!image) return nothing;
    const name = nameOf(image);
    return html`
      <a href=${imagePagePath(image.id)}>
        <ks-picture-frame
          .src=${image.image_url}
          .srcset=${srcsetOf(image, 640)}
          .sizes=${cardSizes}
          .tone=${toneOf(image)}
          .alt=${''}
        ></ks-picture-frame>
        <span class="name" title=${name}>${name}</span>
        <span class="facts muted">
          <time datetime=${image.uploaded_at} title=${formatTime(image.uploaded_at)}>
            ${formatAge(image.uploaded_at, Date.now())}
          </time>
          <span>${formatBytes(image.size_bytes)}</span>
        </span>
      </a>
    `;
  }

  static override styles = [
    controlStyles,
    css`
      :host {
        display: block;
        min-width: 0;
      }
      a {
        display: grid;
        grid-template-rows: auto auto auto;
        overflow: hidden;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        color: var(--text);
        text-decoration: none;
        transition:
          box-shadow 0.15s,
          border-color 0.15s;
      }
      a:hover {
        border-color: var(--line-strong);
        box-shadow: var(--shadow);
      }
      ks-picture-frame {
        aspect-ratio: 4 / 3;
      }
      .name {
        padding: var(--space-2) var(--space-3) 0;
        overflow: hidden;
        font-weight: 550;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .facts {
        display: flex;
        justify-content: space-between;
        gap: var(--space-2);
        padding: 0 var(--space-3) var(--space-2);
        overflow: hidden;
        font-size: 0.8125rem;
        white-space: nowrap;
      }
      time {
        overflow: hidden;
        text-overflow: ellipsis;
      }
    `,
  ];
}

customElements.define('ks-image-card', ImageCard);
declare global {
  interface HTMLElementTagNameMap {
    'ks-image-card': ImageCard;
  }
}
