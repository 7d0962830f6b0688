import { css, html, LitElement, nothing } from 'lit';
import type { IntegrityReport } from '../../shared/report.ts';
import { statusWords } from '../data/integrity-words.ts';
import { controlStyles } from './control-styles.ts';
import { alertIcon } from './icons.ts';

/** Says on every view that the newest report is not `Healthy`, and leads to it. Nothing otherwise. */
export class IntegrityBanner extends LitElement {
  static override properties = { report: { attribute: false } };
  declare report: IntegrityReport | null;

  constructor() {
    super();
    this.report = null;
  }

  protected override render() {
    return html`<div role="status">${this.report && this.report.status !== 'Healthy' ? this.#renderBanner(this.report) : nothing}</div>`;
  }

  #renderBanner({ status, summary }: IntegrityReport) {
    return html`
      <p class=${statusWords[status].tone}>
        ${alertIcon}
        <span><strong>${status}.</strong> ${summary} <a href="/integrity">See what differs</a></span>
      </p>
    `;
  }

  static override styles = [
    controlStyles,
    css`
      p {
        display: flex;
        align-items: flex-start;
        justify-content: center;
        gap: var(--space-2);
        padding: var(--space-2) var(--space-4);
        font-size: 0.9375rem;
        overflow-wrap: anywhere;
      }
      .bad {
        background: var(--bad-soft);
        color: var(--bad);
      }
      .warn {
        background: var(--warn-soft);
        color: var(--warn);
      }
      svg {
        flex: none;
        margin-top: 1px;
      }
      a {
        color: inherit;
        font-weight: 600;
      }
    `,
  ];
}

customElements.define('ks-integrity-banner', IntegrityBanner);
declare global {
  interface HTMLElementTagNameMap {
    'ks-integrity-banner': IntegrityBanner;
  }
}
