import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { asSentence, type Failure } from '../data/failure.ts';
import { whyBroken } from '../data/images.ts';
import { controlStyles } from './control-styles.ts';
import { brokenIcon } from './icons.ts';

/**
 * A picture that fills its host, or the reason why it can't be shown: never the browser's own broken icon.
 * Loads when it comes near the window. `srcset` offers smaller copies, `tone` is the colour until one is there. `fit`: `cover` cuts it to the host, `contain` shows all of it.
 */
export class PictureFrame extends LitElement {
  static override properties = {
    src: {},
    srcset: {},
    sizes: {},
    alt: {},
    tone: {},
    fit: { reflect: true },
    failure: { state: true },
    isBroken: { state: true },
  };
  declare src: string;
  declare srcset: string;
  /** As in HTML: how wide the picture is shown. */
  declare sizes: string;
  declare alt: string;
  declare tone: string;
  declare fit: 'cover' | 'contain';
  declare failure: Failure | null;
  declare isBroken: boolean;
  #asking: AbortController | undefined;
  #isSecondTry = false;

  constructor() {
    super();
    this.src = '';
    this.srcset = '';
    this.sizes = '100vw';
    this.alt = '';
    this.tone = '';
    this.fit = 'cover';
    this.failure = null;
    this.isBroken = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#asking?.abort();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('tone')) this.style.backgroundColor = this.tone;
    if (!changed.has('src')) return;
    this.#asking?.abort();
    this.#isSecondTry = false;
    this.isBroken = false;
    this.failure = null;
  }

  protected override render() {
    return this.isBroken ? this.#renderBroken() : this.#renderPicture();
  }

  #renderPicture() {
    return html`<img
      srcset=${this.srcset || nothing}
      sizes=${this.srcset ? this.sizes : nothing}
      src=${this.src}
      alt=${this.alt}
      loading="lazy"
      decoding="async"
      @load=${this.#onLoad}
      @error=${this.#onError}
    />`;
  }

  #renderBroken() {
    const reason = this.failure ? asSentence(this.failure.what) : 'This picture can’t be shown.';
    return html`
      <div class="broken" role="img" aria-label=${`${this.alt} can’t be shown`.trim()}>${brokenIcon}</div>
      <p class="reason" title=${reason}>${reason}</p>
    `;
  }

  #onLoad(): void {
    this.style.backgroundColor = ''; // transparent pictures stand on the page's own ground
  }

  async #onError(): Promise<void> {
    this.isBroken = true;
    const asking = new AbortController();
    this.#asking = asking;
    const failure = await whyBroken(this.src, asking.signal);
    if (asking.signal.aborted) return;
    // Its bytes come after all: the network was gone for a moment. Once more; then it is the picture that is broken.
    if (failure.code === 'NotShown' && !this.#isSecondTry) {
      this.#isSecondTry = true;
      this.isBroken = false;
    } else this.failure = failure;
  }

  static override styles = [
    controlStyles,
    css`
      :host {
        display: grid;
        place-content: center;
        justify-items: center;
        gap: var(--space-2);
        overflow: hidden;
        background: var(--surface-sunk);
      }
      img {
        width: 100%;
        height: 100%;
        object-fit: cover;
        grid-area: 1 / 1;
      }
      :host([fit='contain']) img {
        object-fit: contain;
      }
      .broken {
        color: var(--bad);
        height: 28px;
      }
      .broken svg {
        width: 28px;
        height: 28px;
      }
      .reason {
        display: -webkit-box;
        margin: 0 var(--space-2);
        overflow: hidden;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 3;
        color: var(--text-muted);
        font-size: 0.8125rem;
        line-height: 1.35;
        text-align: center;
        overflow-wrap: anywhere;
      }
    `,
  ];
}

customElements.define('ks-picture-frame', PictureFrame);
declare global {
  interface HTMLElementTagNameMap {
    'ks-picture-frame': PictureFrame;
  }
}
