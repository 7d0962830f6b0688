import { html, LitElement, nothing } from 'lit';
import type { IntegrityReport } from '../../shared/report.ts';
import { asSentence } from '../data/failure.ts';
import { formatCount } from '../data/format.ts';
import { actionWords, stateWords } from '../data/integrity-words.ts';
import { controlStyles } from './control-styles.ts';
import { panelStyles } from './panel-styles.ts';
import './tone-tag.ts';

/** The actions that a run would take (a preview) or took (a repair): the numbers, and a sample of its actions. */
export class ReportActions extends LitElement {
  static override properties = { report: { attribute: false } };
  declare report: IntegrityReport | null;

  constructor() {
    super();
    this.report = null;
  }

  protected override render() {
    if (!this.report) return nothing;
    const { sample, planned } = this.report.actions;
    return html`
      <p>${this.#sentence(this.report)}</p>
      <ul>
        ${sample.map(({ action, key, state, reason }) => {
          const { label, tone } = stateWords[state];
          return html`
            <li>
              <p class="line">
                <strong>${actionWords[action]}</strong><ks-tone-tag .tone=${tone}>${label}</ks-tone-tag>
                <code>${key}</code>
              </p>
              <p class="small muted">${asSentence(reason)}</p>
            </li>
          `;
        })}
      </ul>
      ${sample.length < planned ? html`<p class="small muted">The first ${sample.length} of ${formatCount(planned)}.</p>` : nothing}
    `;
  }

  #sentence({ mode, actions }: IntegrityReport): string {
    const { planned, done, failed, skipped } = actions;
    if (planned === 0) return 'There is nothing that a repair can do.';
    if (mode !== 'repair') return `A repair would take ${planned === 1 ? '1 step' : `${formatCount(planned)} steps`}.`;
    const parts = [
      `${formatCount(done)} done`,
      failed > 0 && `${formatCount(failed)} failed`,
      skipped > 0 && `${formatCount(skipped)} skipped`,
    ].filter((part) => part !== false);
    return `The repair: ${parts.join(', ')}.`;
  }

  static override styles = [controlStyles, panelStyles];
}

customElements.define('ks-report-actions', ReportActions);
declare global {
  interface HTMLElementTagNameMap {
    'ks-report-actions': ReportActions;
  }
}
