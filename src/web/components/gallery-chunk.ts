import { css, html, LitElement } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { ImageJson } from '../../shared/image.ts';
import { controlStyles } from './control-styles.ts';
import './image-card.ts';

/**
 * A run of the gallery's images as a grid of 2 to 5 columns. It makes its cards when it first comes near the window,
 * and renders again only when its own images change. The browser skips its layout and paint while it is far from the
 * window. So a long gallery costs only its visited part.
 */
export class GalleryChunk extends LitElement {
  static override properties = {
    images: { attribute: false, hasChanged: isOtherRun },
    wasNear: { state: true },
  };
  declare images: readonly ImageJson[];
  declare wasNear: boolean;

  constructor() {
    super();
    this.images = [];
    this.wasNear = !('ContentVisibilityAutoStateChangeEvent' in globalThis);
    this.addEventListener('contentvisibilityautostatechange', (event) => {
      if (event instanceof ContentVisibilityAutoStateChangeEvent && !event.skipped) this.wasNear = true;
    });
  }

  protected override render() {
    if (!this.wasNear) return html`<div class="unseen"></div>`;
    return html`
      <ul>
        ${repeat(
          this.images,
          (image) => image.id,
          (image) => html`<li><ks-image-card .image=${image}></ks-image-card></li>`,
        )}
      </ul>
    `;
  }

  static override styles = [
    controlStyles,
    css`
      :host {
        display: block;
        margin-inline: -4px;
        content-visibility: auto;
        contain-intrinsic-height: auto var(--guess);
        /* For what was never on screen: rows of a full chunk × their height at this width. */
        --guess: calc(30 * 13rem);
      }
      .unseen {
        height: var(--guess);
      }
      ul {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: var(--space-4);
        margin: 0;
        padding: 4px 4px var(--space-3); /* room for the cards' focus rings inside the paint containment */
        list-style: none;
      }
      @media (width < 420px) {
        ul {
          gap: var(--space-2);
        }
      }
      @media (width >= 640px) {
        :host {
          --guess: calc(20 * 14rem);
        }
        ul {
          grid-template-columns: repeat(3, minmax(0, 1fr));
        }
      }
      @media (width >= 900px) {
        :host {
          --guess: calc(15 * 15rem);
        }
        ul {
          grid-template-columns: repeat(4, minmax(0, 1fr));
        }
      }
      @media (width >= 1200px) {
        :host {
          --guess: calc(12 * 15rem);
        }
        ul {
          grid-template-columns: repeat(5, minmax(0, 1fr));
        }
      }
    `,
  ];
}

function isOtherRun(next: readonly ImageJson[], previous: readonly ImageJson[] | undefined): boolean {
  return next.length !== previous?.length || next.some((image, index) => image !== previous[index]);
}

customElements.define('ks-gallery-chunk', GalleryChunk);
declare global {
  interface HTMLElementTagNameMap {
    'ks-gallery-chunk': GalleryChunk;
  }
}
