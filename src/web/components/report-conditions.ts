import { html, LitElement, nothing } from 'lit';
import type { Condition } from '../../shared/report.ts';
import { controlStyles } from './control-styles.ts';
import { panelStyles } from './panel-styles.ts';
import './tone-tag.ts';

/** The facts that the run could rely on, and those it could not: a report's conditions, as Kubernetes writes them. */
export class ReportConditions extends LitElement {
  static override properties = { conditions: { attribute: false } };
  declare conditions: readonly Condition[];

  constructor() {
    super();
    this.conditions = [];
  }

  protected override render() {
    return html`
      <section>
        <h2>Conditions</h2>
        ${this.conditions.length === 0 ? html`<p class="muted">The run reports none.</p>` : nothing}
        <ul>
          ${this.conditions.map(
            ({ type, status, reason, message }) => html`
              <li>
                <p class="line"><strong>${type}</strong><ks-tone-tag>${status}</ks-tone-tag></p>
                <p class="small">${message}</p>
                <p class="small muted">${reason}</p>
              </li>
            `,
          )}
        </ul>
      </section>
    `;
  }

  static override styles = [controlStyles, panelStyles];
}

customElements.define('ks-report-conditions', ReportConditions);
declare global {
  interface HTMLElementTagNameMap {
    'ks-report-conditions': ReportConditions;
  }
}
