import { css, html, LitElement, nothing } from 'lit';
import type { ImageJson } from '../../shared/image.ts';
import { Gallery } from '../data/gallery.ts';
import { Integrity } from '../data/integrity.ts';
import { type Route, routeOf } from '../data/routes.ts';
import { sendImage } from '../data/send-image.ts';
import { totalsOf } from '../data/upload-queue.ts';
import { Uploads } from '../data/uploads.ts';
import { controlStyles } from './control-styles.ts';
import './drop-zone.ts';
import './gallery-page.ts';
import './image-page.ts';
import './integrity-banner.ts';
import './integrity-page.ts';
import './upload-tray.ts';

const integrityEveryMs = 60_000;

/**
 * The shell: landmarks, the view that the address names, and what outlives a view (the gallery's list, the uploads).
 * Values go down as properties, wishes come up as events; no view knows another.
 */
export class App extends LitElement {
  static override properties = { route: { state: true } };
  declare route: Route;

  readonly #gallery = new Gallery();
  readonly #integrity = new Integrity();
  readonly #uploads = new Uploads({ send: sendImage, onStored: (image) => this.#gallery.put(image) });
  #listening: AbortController | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.route = routeOf(location.pathname);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#gallery.addEventListener('change', () => this.requestUpdate(), { signal });
    this.#uploads.addEventListener('change', () => this.requestUpdate(), { signal });
    this.#integrity.addEventListener('change', () => this.requestUpdate(), { signal });
    addEventListener('popstate', () => this.#show(), { signal });
    addEventListener('beforeunload', (event) => this.#onLeave(event), { signal });
    document.addEventListener('visibilitychange', () => this.#watchIntegrity(), { signal });
    this.#watchIntegrity();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listening?.abort();
    clearInterval(this.#watch);
  }

  protected override render() {
    return html`
      <div
        @click=${this.#onClick}
        @ks-files=${({ detail }: CustomEvent<readonly File[]>) => this.#uploads.add(detail)}
        @ks-image-changed=${({ detail }: CustomEvent<ImageJson>) => this.#gallery.put(detail)}
        @ks-image-deleted=${this.#onDeleted}
      >
        <a class="skip" href="#main" @click=${this.#skip}>Skip to the content</a>
        ${this.#renderHeader()}
        ${this.#renderBanner()}
        <main id="main" tabindex="-1">${this.#renderView()}</main>
        <ks-upload-tray
          .queue=${this.#uploads.queue}
          @ks-cancel=${({ detail }: CustomEvent<number>) => this.#uploads.cancel(detail)}
          @ks-retry=${({ detail }: CustomEvent<number>) => this.#uploads.retry(detail)}
          @ks-clear=${() => this.#uploads.clearEnded()}
        ></ks-upload-tray>
        <ks-drop-zone></ks-drop-zone>
      </div>
    `;
  }

  #renderHeader() {
    const current = (kind: Route['kind']) => (this.route.kind === kind ? 'page' : nothing);
    return html`
      <header>
        <div class="bar">
          <a class="brand" href="/"><img src="/favicon.svg" alt="" width="28" height="28" /> <span>Keepsake</span></a>
          <nav aria-label="Views">
            <a href="/" aria-current=${current('gallery')}>Images</a>
            <a href="/integrity" aria-current=${current('integrity')}>Integrity</a>
          </nav>
        </div>
      </header>
    `;
  }

  /** On every view but the one whose first words are the same. */
  #renderBanner() {
    const report = this.route.kind === 'integrity' ? null : (this.#integrity.state.overview?.latest ?? null);
    return html`<ks-integrity-banner .report=${report}></ks-integrity-banner>`;
  }

  #renderView() {
    switch (this.route.kind) {
      case 'gallery':
        return html`<ks-gallery-page .gallery=${this.#gallery} .list=${this.#gallery.list}></ks-gallery-page>`;
      case 'image':
        return html`<ks-image-page .imageId=${this.route.id}></ks-image-page>`;
      case 'integrity':
        return html`<ks-integrity-page .integrity=${this.#integrity} .state=${this.#integrity.state}></ks-integrity-page>`;
      case 'unknown':
        return html`<h1>Nothing here</h1>
          <p>There is no view at <code>${this.route.path}</code>. <a href="/">See all images</a>.</p>`;
    }
  }

  /** Asks now and then while the page is looked at, and at once when it is looked at again. */
  #watchIntegrity(): void {
    clearInterval(this.#watch);
    if (document.visibilityState !== 'visible') return;
    void this.#integrity.refresh();
    this.#watch = setInterval(() => void this.#integrity.refresh(), integrityEveryMs);
  }

  /** Follows links to our own views without loading the page anew; all other clicks stay the browser's. */
  #onClick(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.composedPath().find((target) => target instanceof HTMLAnchorElement);
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (routeOf(link.pathname).kind === 'unknown' || link.hash) return;
    event.preventDefault();
    this.#go(link.pathname);
  }

  #go(path: string): void {
    if (path !== location.pathname) history.pushState(null, '', path);
    this.#show();
    scrollTo(0, 0);
    this.#focusMain();
  }

  #show(): void {
    this.route = routeOf(location.pathname);
    document.title = titleOf(this.route);
  }

  #onDeleted({ detail: id }: CustomEvent<string>): void {
    this.#gallery.remove(id);
    this.#go('/');
  }

  #skip(event: Event): void {
    event.preventDefault();
    this.#focusMain();
  }

  #focusMain(): void {
    this.renderRoot.querySelector('main')?.focus({ preventScroll: true });
  }

  #onLeave(event: BeforeUnloadEvent): void {
    if (totalsOf(this.#uploads.queue).open > 0) event.preventDefault(); // the browser asks before it cuts them off
  }

  static override styles = [
    controlStyles,
    css`
      header {
        position: sticky;
        top: 0;
        z-index: 5;
        border-bottom: 1px solid var(--line);
        background: var(--surface);
      }
      .bar,
      main {
        max-width: var(--page-width);
        margin: 0 auto;
        padding: 0 clamp(var(--space-3), 3vw, var(--space-5));
      }
      .bar {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: var(--space-3);
        min-height: 56px;
      }
      .brand {
        display: flex;
        align-items: center;
        gap: var(--space-2);
        color: var(--text);
        font-size: 1.0625rem;
        font-weight: 700;
        letter-spacing: -0.01em;
        text-decoration: none;
      }
      nav {
        display: flex;
        gap: var(--space-1);
      }
      nav a {
        display: flex;
        align-items: center;
        gap: var(--space-2);
        min-height: 40px;
        padding: 0 var(--space-3);
        border-radius: var(--radius-small);
        color: var(--text-muted);
        font-weight: 550;
        text-decoration: none;
      }
      nav a:hover {
        background: var(--surface-sunk);
      }
      nav a[aria-current] {
        background: var(--accent-soft);
        color: var(--accent);
      }
      main {
        padding-block: var(--space-5) 6rem;
        outline: none;
      }
      .skip {
        position: fixed;
        top: var(--space-2);
        left: var(--space-2);
        z-index: 30;
        padding: var(--space-2) var(--space-3);
        border-radius: var(--radius-small);
        background: var(--accent);
        color: var(--on-accent);
      }
      .skip:not(:focus) {
        clip-path: inset(50%);
      }
      @media (width < 420px) {
        nav a,
        .brand {
          padding: 0 var(--space-2);
          font-size: 0.9375rem;
        }
        .brand {
          padding: 0;
        }
      }
    `,
  ];
}

function titleOf(route: Route): string {
  const names: Readonly<Record<Route['kind'], string>> = {
    gallery: 'Images',
    image: 'Image',
    integrity: 'Integrity',
    unknown: 'Nothing here',
  };
  return `${names[route.kind]} · Keepsake`;
}

customElements.define('ks-app', App);
declare global {
  interface HTMLElementTagNameMap {
    'ks-app': App;
  }
}
