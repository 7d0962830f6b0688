import { css, html, LitElement, nothing, svg } from 'lit';
import type { FindingClass, IntegrityReport } from '../../shared/report.ts';
import { formatBytes, formatCount, percentOf } from '../data/format.ts';
import { classWords } from '../data/integrity-words.ts';
import { controlStyles } from './control-styles.ts';
import { panelStyles } from './panel-styles.ts';

/** A report's counts and bytes, a row per class, each with its share of all as a bar. */
export class ReportCounts extends LitElement {
  static override properties = { counts: { attribute: false } };
  declare counts: IntegrityReport['counts'] | null;

  constructor() {
    super();
    this.counts = null;
  }

  protected override render() {
    const { counts } = this;
    if (!counts) return nothing;
    const total = Object.values(counts).reduce((sum, { count }) => sum + count, 0);
    const classes = Object.keys(classWords) as FindingClass[]; // a Record's keys, which Object.keys widens
    return html`
      <section>
        <h2 id="title">What was found</h2>
        <table aria-labelledby="title">
          <thead>
            <tr>
              <th scope="col">Class</th>
              <th scope="col" class="number">Keys</th>
              <th scope="col" class="number">Bytes</th>
              <th scope="col" class="share"><span class="for-screen-readers">Share</span></th>
            </tr>
          </thead>
          <tbody>
            ${classes.map((name) => this.#renderRow(name, counts[name], total))}
          </tbody>
        </table>
      </section>
    `;
  }

  #renderRow(name: FindingClass, { count, bytes }: { count: number; bytes: number }, total: number) {
    const { label, meaning, tone } = classWords[name];
    const percent = percentOf(count, total);
    return html`
      <tr class=${count === 0 ? 'none' : tone}>
        <th scope="row">${label} <span class="meaning muted">${meaning}</span></th>
        <td class="number">${formatCount(count)}</td>
        <td class="number">${count === 0 ? '–' : formatBytes(bytes)}</td>
        <td class="share" aria-label=${`${percent} %`}>
          ${svg`<svg width="100%" height="8" aria-hidden="true"><rect width=${`${percent}%`} height="8" rx="4"></rect></svg>`}
        </td>
      </tr>
    `;
  }

  static override styles = [
    controlStyles,
    panelStyles,
    css`
      table {
        width: 100%;
        border-collapse: collapse;
        font-size: 0.9375rem;
      }
      th,
      td {
        padding: 5px var(--space-2) 5px 0;
        border-bottom: 1px solid var(--line);
        text-align: left;
        font-weight: inherit;
        vertical-align: baseline;
      }
      tbody tr:last-child > * {
        border-bottom: 0;
      }
      thead th {
        color: var(--text-muted);
        font-size: 0.8125rem;
      }
      tbody th {
        font-weight: 550;
      }
      .meaning {
        display: block;
        font-size: 0.8125rem;
        font-weight: 400;
        line-height: 1.3;
      }
      .number {
        text-align: right;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      .share {
        width: 22%;
        padding-right: 0;
      }
      .none > * {
        color: var(--text-muted);
        font-weight: 400;
      }
      rect {
        fill: var(--text-muted);
      }
      .good rect {
        fill: var(--good);
      }
      .warn rect {
        fill: var(--warn);
      }
      .bad rect {
        fill: var(--bad);
      }
      .bad .number:first-of-type {
        color: var(--bad);
        font-weight: 650;
      }
      @media (width < 480px) {
        .share {
          display: none;
        }
      }
    `,
  ];
}

customElements.define('ks-report-counts', ReportCounts);
declare global {
  interface HTMLElementTagNameMap {
    'ks-report-counts': ReportCounts;
  }
}
