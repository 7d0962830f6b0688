import { html, LitElement, nothing } from 'lit';
import type { Finding, IntegrityReport } from '../../shared/report.ts';
import { asSentence } from '../data/failure.ts';
import { formatBytes, formatTime } from '../data/format.ts';
import { actionWords, classWords } from '../data/integrity-words.ts';
import { imagePagePath } from '../data/routes.ts';
import { controlStyles } from './control-styles.ts';
import { panelStyles } from './panel-styles.ts';
import './tone-tag.ts';

/** A report's sample of findings, each with its reason and what a repair would do. Nothing when all is whole. */
export class ReportFindings extends LitElement {
  static override properties = { report: { attribute: false } };
  declare report: IntegrityReport | null;

  constructor() {
    super();
    this.report = null;
  }

  protected override render() {
    if (!this.report || this.report.sample.length === 0) return nothing;
    const { sample, isSampleCut, fullFindings } = this.report;
    return html`
      <section>
        <h2>Findings</h2>
        <ul>
          ${sample.map((finding) => this.#renderFinding(finding))}
        </ul>
        ${
          isSampleCut
            ? html`<p class="small muted">These are the first of more. ${fullFindings ? html`All: <code>${fullFindings}</code>` : nothing}</p>`
            : nothing
        }
      </section>
    `;
  }

  #renderFinding({ class: name, key, reason, row, object, firstSeenAt, remedy }: Finding) {
    const { label, tone } = classWords[name];
    const sizeBytes = row?.sizeBytes ?? object?.sizeBytes;
    return html`
      <li>
        <p class="line">
          <ks-tone-tag .tone=${tone}>${label}</ks-tone-tag>
          ${row ? html`<a href=${imagePagePath(row.id)}>${row.title || 'untitled image'}</a>` : nothing}
          <code>${key}</code>
          ${sizeBytes === undefined ? nothing : html`<span class="small muted">${formatBytes(sizeBytes)}</span>`}
        </p>
        <p class="small">${asSentence(reason)}</p>
        <p class="small muted">
          ${remedy ? `A repair would: ${actionWords[remedy.action].toLowerCase()} (${remedy.reason}).` : 'A repair would leave it alone.'}
          ${firstSeenAt ? `First seen ${formatTime(firstSeenAt)}.` : nothing}
        </p>
      </li>
    `;
  }

  static override styles = [controlStyles, panelStyles];
}

customElements.define('ks-report-findings', ReportFindings);
declare global {
  interface HTMLElementTagNameMap {
    'ks-report-findings': ReportFindings;
  }
}
