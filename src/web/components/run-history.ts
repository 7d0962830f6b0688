import { html, LitElement, nothing } from 'lit';
import type { RunSummary } from '../../shared/integrity-service.ts';
import { formatTime } from '../data/format.ts';
import { modeWords, statusWords } from '../data/integrity-words.ts';
import { controlStyles } from './control-styles.ts';
import { panelStyles } from './panel-styles.ts';
import './tone-tag.ts';

/** Earlier runs, newest first. */
export class RunHistory extends LitElement {
  static override properties = { runs: { attribute: false } };
  declare runs: readonly RunSummary[];

  constructor() {
    super();
    this.runs = [];
  }

  protected override render() {
    return html`
      <section>
        <h2>Runs</h2>
        ${this.runs.length === 0 ? html`<p class="muted">None yet.</p>` : nothing}
        <ul>
          ${this.runs.map(
            ({ mode, startedAt, status, summary, finishedAt }) => html`
              <li>
                <p class="line">
                  <strong>${modeWords[mode]}</strong>
                  ${status ? html`<ks-tone-tag .tone=${statusWords[status].tone}>${status}</ks-tone-tag>` : nothing}
                  <time class="small muted" datetime=${startedAt}>${formatTime(startedAt)}</time>
                </p>
                <p class="small">${summary ?? (finishedAt ? 'Ended without a report.' : 'Not finished.')}</p>
              </li>
            `,
          )}
        </ul>
      </section>
    `;
  }

  static override styles = [controlStyles, panelStyles];
}

customElements.define('ks-run-history', RunHistory);
declare global {
  interface HTMLElementTagNameMap {
    'ks-run-history': RunHistory;
  }
}
