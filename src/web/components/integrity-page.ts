import { css, html, LitElement, nothing } from 'lit';
import type { IntegrityReport, RunMode } from '../../shared/report.ts';
import { countOf, formatAge, formatDuration, formatTime } from '../data/format.ts';
import { type Integrity, type IntegrityState, unknownIntegrity } from '../data/integrity.ts';
import { modeWords, statusWords } from '../data/integrity-words.ts';
import { controlStyles } from './control-styles.ts';
import { panelStyles } from './panel-styles.ts';
import './action-journal.ts';
import './confirm-dialog.ts';
import './error-notice.ts';
import './report-actions.ts';
import './report-conditions.ts';
import './report-counts.ts';
import './report-findings.ts';
import './run-history.ts';
import './run-progress.ts';

/**
 * Whether S3 and the database agree: the newest report, its history, and what may be done. A repair is always previewed
 * first and asked about. `state` is the integrity's state as it is now; the owner sets it anew at each change.
 */
export class IntegrityPage extends LitElement {
  static override properties = {
    integrity: { attribute: false },
    state: { attribute: false },
    plan: { state: true },
    shouldCleanS3: { state: true },
    shouldCleanAll: { state: true },
  };
  declare integrity: Integrity | null;
  declare state: IntegrityState;
  /** The preview that a repair would carry out; null when it has to be made anew. */
  declare plan: IntegrityReport | null;
  declare shouldCleanS3: boolean;
  declare shouldCleanAll: boolean;

  constructor() {
    super();
    this.integrity = null;
    this.state = unknownIntegrity;
    this.plan = null;
    this.shouldCleanS3 = false;
    this.shouldCleanAll = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.integrity?.refresh();
  }

  protected override render() {
    const { overview, failure, run, runFailure } = this.state;
    return html`
      <h1>Integrity</h1>
      <ks-error-notice .failure=${failure} .canRetry=${true} @ks-retry=${this.#refresh}></ks-error-notice>
      ${overview ? this.#renderStatus(overview.latest) : nothing}
      ${run ? html`<ks-run-progress .run=${run}></ks-run-progress>` : nothing}
      <ks-error-notice .failure=${runFailure}></ks-error-notice>
      ${overview && !failure ? this.#renderControls() : nothing}
      ${this.plan ? this.#renderPlan(this.plan) : nothing}
      ${overview?.latest ? this.#renderReport(overview.latest) : nothing}
      ${
        overview
          ? html`<div class="columns even">
              <ks-run-history .runs=${overview.history}></ks-run-history>
              <ks-action-journal .runId=${overview.latest?.runId ?? ''} @ks-undone=${this.#refresh}></ks-action-journal>
            </div>`
          : nothing
      }
      ${!overview && !failure ? html`<p class="muted" role="status">Loading…</p>` : nothing}
      ${this.#renderQuestion()}
    `;
  }

  #renderStatus(latest: IntegrityReport | null) {
    if (!latest)
      return html`<section><h2>No check has run yet</h2><p class="muted">Check now to compare S3 with the database.</p></section>`;
    const { status, summary, mode, finishedAt, durationMs, coverage } = latest;
    const { tone, meaning } = statusWords[status];
    return html`
      <section class="status ${tone}" aria-label="Status">
        <p class="word">${status}</p>
        <div>
          <p class="summary">${summary}</p>
          <p class="small">${meaning}</p>
          <p class="small muted">
            ${modeWords[mode]} of <code>${coverage.bucket}/${coverage.prefix}</code>, ${formatAge(finishedAt, Date.now())}
            (<time datetime=${finishedAt}>${formatTime(finishedAt)}</time>), took ${formatDuration(durationMs)}:
            ${countOf(coverage.objectsRead, 'object')} and ${countOf(coverage.rowsRead, 'row')} read${coverage.isComplete ? '' : ', not to the end'}.
          </p>
        </div>
      </section>
    `;
  }

  #renderControls() {
    const isBusy = this.state.run !== null;
    return html`
      <div class="controls">
        <button class="primary" ?disabled=${isBusy} @click=${this.#check}>Check now</button>
        <button ?disabled=${isBusy} @click=${this.#preview}>Preview repair</button>
        <button ?disabled=${isBusy} @click=${this.#repair}>Repair…</button>
        <details>
          <summary>What a repair may remove</summary>
          <label>
            <input type="checkbox" .checked=${this.shouldCleanS3} ?disabled=${isBusy} @change=${this.#onCleanS3} />
            Put orphans aside (quarantine)
          </label>
          <label>
            <input type="checkbox" .checked=${this.shouldCleanAll} ?disabled=${isBusy} @change=${this.#onCleanAll} />
            Also drop rows and quarantined objects that nothing can bring back
          </label>
          <p class="small muted">Without these a repair only restores, adopts and finishes; it removes nothing.</p>
        </details>
      </div>
    `;
  }

  #renderPlan(plan: IntegrityReport) {
    const canRepair = plan.mode === 'preview' && plan.actions.planned > 0 && this.state.run === null;
    return html`
      <section aria-label=${modeWords[plan.mode]}>
        <h2>${plan.mode === 'repair' ? 'What the repair did' : 'What a repair would do'}</h2>
        <ks-report-actions .report=${plan}></ks-report-actions>
        <div class="controls">
          ${canRepair ? html`<button class="primary" @click=${this.#repair}>Repair…</button>` : nothing}
          <button @click=${this.#forgetPlan}>Close</button>
        </div>
      </section>
    `;
  }

  #renderReport(report: IntegrityReport) {
    return html`
      <div class="columns">
        <ks-report-counts .counts=${report.counts}></ks-report-counts>
        <ks-report-conditions .conditions=${report.conditions}></ks-report-conditions>
      </div>
      <ks-report-findings ?hidden=${report.sample.length === 0} .report=${report}></ks-report-findings>
    `;
  }

  #renderQuestion() {
    return html`
      <ks-confirm-dialog heading="Repair now?" confirmLabel="Repair" ?isDangerous=${this.shouldCleanAll}>
        <ks-report-actions .report=${this.plan}></ks-report-actions>
        <p class="small">Each step checks its finding again first. What it does can be undone under “Repairs done”.</p>
      </ks-confirm-dialog>
    `;
  }

  #refresh(): void {
    void this.integrity?.refresh();
  }

  async #check(): Promise<void> {
    this.plan = null;
    await this.#run('check');
  }

  /** A run's report, or null when there is none. */
  async #run(mode: RunMode): Promise<IntegrityReport | null> {
    const { shouldCleanS3, shouldCleanAll } = this;
    return (await this.integrity?.run({ mode, shouldCleanS3, shouldCleanAll })) ?? null;
  }

  async #preview(): Promise<void> {
    this.plan = null; // the earlier preview is out of date
    this.plan = await this.#run('preview');
  }

  async #repair(): Promise<void> {
    if (this.plan?.mode !== 'preview') await this.#preview();
    if (!this.plan || this.plan.actions.planned === 0) return;
    if (!(await this.renderRoot.querySelector('ks-confirm-dialog')?.ask())) return;
    this.plan = await this.#run('repair');
    // A repair reports what it found; only another look tells what is so now.
    if (this.plan && this.plan.status !== 'Healthy') await this.#run('check');
  }

  #forgetPlan(): void {
    this.plan = null;
  }

  #onCleanS3({ currentTarget }: Event): void {
    this.shouldCleanS3 = (currentTarget as HTMLInputElement).checked;
    this.plan = null; // it was made for other wishes
  }

  #onCleanAll({ currentTarget }: Event): void {
    this.shouldCleanAll = (currentTarget as HTMLInputElement).checked;
    this.plan = null;
  }

  static override styles = [
    controlStyles,
    panelStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-4);
      }
      section {
        height: auto;
      }
      .status {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-3) var(--space-5);
        padding: var(--space-5);
      }
      .status > div {
        flex: 1 1 20rem;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .word {
        padding: var(--space-2) var(--space-4);
        border-radius: var(--radius-small);
        font-size: 1.25rem;
        font-weight: 700;
      }
      .good .word {
        background: var(--good-soft);
        color: var(--good);
      }
      .warn .word {
        background: var(--warn-soft);
        color: var(--warn);
      }
      .bad .word {
        background: var(--bad-soft);
        color: var(--bad);
      }
      .summary {
        font-size: 1.0625rem;
        font-weight: 600;
      }
      .controls {
        display: flex;
        flex-wrap: wrap;
        align-items: flex-start;
        gap: var(--space-2);
        margin-top: var(--space-2);
      }
      details {
        flex: 1 1 15rem;
        padding: 7px var(--space-2);
      }
      summary {
        color: var(--text-muted);
        cursor: pointer;
      }
      label {
        display: flex;
        gap: var(--space-2);
        padding: var(--space-1) 0;
      }
      input[type='checkbox'] {
        flex: none;
        width: 18px;
        height: 18px;
        margin-top: 3px;
        accent-color: var(--accent);
      }
      .columns {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-4);
      }
      @media (width >= 900px) {
        .columns {
          grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
        }
        .columns.even {
          grid-template-columns: repeat(2, minmax(0, 1fr));
        }
      }
    `,
  ];
}

customElements.define('ks-integrity-page', IntegrityPage);
declare global {
  interface HTMLElementTagNameMap {
    'ks-integrity-page': IntegrityPage;
  }
}
