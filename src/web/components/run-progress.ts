import { css, html, LitElement, nothing } from 'lit';
import { formatCount } from '../data/format.ts';
import type { RunView } from '../data/integrity.ts';
import { modeWords } from '../data/integrity-words.ts';
import { controlStyles } from './control-styles.ts';

const phaseWords = { observe: 'reading both sides', act: 'repairing', report: 'writing the report' } as const;

/** The run under way: its phase and how far it is. Announced by phase, not by number. */
export class RunProgress extends LitElement {
  static override properties = { run: { attribute: false } };
  declare run: RunView | null;

  constructor() {
    super();
    this.run = null;
  }

  protected override render() {
    if (!this.run) return nothing;
    const { mode, step } = this.run;
    const sentence = `${mode ? modeWords[mode] : 'A run'}: ${step ? phaseWords[step.phase] : 'starting'}…`;
    return html`
      <p class="line"><span role="status">${sentence}</span>
        ${step ? html`<span class="muted">${formatCount(step.done)}${step.total === null ? nothing : ` of about ${formatCount(step.total)}`}</span>` : nothing}
      </p>
      ${
        step?.total
          ? html`<progress aria-label=${sentence} max=${step.total} .value=${Math.min(step.done, step.total)}></progress>`
          : html`<progress aria-label=${sentence}></progress>`
      }
    `;
  }

  static override styles = [
    controlStyles,
    css`
      :host {
        display: block;
      }
      .line {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: var(--space-2);
        font-variant-numeric: tabular-nums;
      }
      progress {
        width: 100%;
        height: 8px;
        accent-color: var(--accent);
      }
    `,
  ];
}

customElements.define('ks-run-progress', RunProgress);
declare global {
  interface HTMLElementTagNameMap {
    'ks-run-progress': RunProgress;
  }
}
