import { Task } from '@lit/task';
import { html, LitElement, nothing } from 'lit';
import { asSentence, type Failure, failureOf } from '../data/failure.ts';
import { formatTime } from '../data/format.ts';
import { type JournalEntry, readJournal, undoAction } from '../data/integrity-requests.ts';
import { actionWords, stateWords } from '../data/integrity-words.ts';
import { controlStyles } from './control-styles.ts';
import { panelStyles } from './panel-styles.ts';
import './error-notice.ts';
import './tone-tag.ts';

/**
 * The actions of repairs, newest first, each with its undo while that is possible. Reads itself anew when `runId` (of
 * the newest run) changes. Fires `ks-undone` after an undo.
 */
export class ActionJournal extends LitElement {
  static override properties = {
    runId: {},
    entries: { state: true },
    undoing: { state: true },
    failure: { state: true },
  };
  declare runId: string;
  declare entries: readonly JournalEntry[];
  declare undoing: string | null;
  declare failure: Failure | null;
  #next: string | null = null;

  readonly #loading = new Task(this, {
    args: () => [this.runId] as const,
    task: async (_, { signal }) => {
      const page = await readJournal(null, signal);
      this.entries = page.results;
      this.#next = page.next;
    },
  });
  readonly #older = new Task(this, {
    autoRun: false,
    task: async (_, { signal }) => {
      const page = await readJournal(this.#next, signal);
      this.entries = [...this.entries, ...page.results];
      this.#next = page.next;
    },
  });

  constructor() {
    super();
    this.runId = '';
    this.entries = [];
    this.undoing = null;
    this.failure = null;
  }

  protected override render() {
    return html`
      <section>
        <h2>Repairs done</h2>
        ${this.#loading.render({
          pending: () => (this.entries.length === 0 ? html`<p class="muted">Loading…</p>` : this.#renderEntries()),
          complete: () => this.#renderEntries(),
          error: (error) => html`
            <ks-error-notice
              .failure=${failureOf(error)} .canRetry=${true} @ks-retry=${() => this.#loading.run()}
            ></ks-error-notice>
          `,
        })}
      </section>
    `;
  }

  #renderEntries() {
    if (this.entries.length === 0) return html`<p class="muted">None. What a repair does can be undone here.</p>`;
    const olderFailure = this.#older.error === undefined ? null : failureOf(this.#older.error);
    return html`
      <ks-error-notice .failure=${this.failure}></ks-error-notice>
      <ul>
        ${this.entries.map((entry) => this.#renderEntry(entry))}
      </ul>
      <ks-error-notice .failure=${olderFailure}></ks-error-notice>
      ${this.#next === null ? nothing : html`<button @click=${() => this.#older.run()}>Older ones</button>`}
    `;
  }

  #renderEntry({ id, action, key, state, reason, startedAt, isUndoable }: JournalEntry) {
    const { label, tone } = stateWords[state];
    const name = `${actionWords[action]}: ${key}`;
    return html`
      <li>
        <p class="line">
          <strong>${actionWords[action]}</strong><ks-tone-tag .tone=${tone}>${label}</ks-tone-tag>
          <time class="small muted" datetime=${startedAt}>${formatTime(startedAt)}</time>
          ${
            isUndoable
              ? html`<button class="plain" aria-label=${`Undo ${name}`} ?disabled=${this.undoing !== null} @click=${() => this.#undo(id)}>
                ${this.undoing === id ? 'Undoing…' : 'Undo'}
              </button>`
              : nothing
          }
        </p>
        <p class="small"><code>${key}</code></p>
        ${reason ? html`<p class="small muted">${asSentence(reason)}</p>` : nothing}
      </li>
    `;
  }

  async #undo(id: string): Promise<void> {
    this.undoing = id;
    this.failure = null;
    try {
      const undone = await undoAction(id);
      this.entries = this.entries.map((entry) =>
        entry.id === id ? { ...entry, state: undone.state, isUndoable: false } : entry,
      );
      this.dispatchEvent(new Event('ks-undone'));
    } catch (error) {
      this.failure = failureOf(error);
    } finally {
      this.undoing = null;
    }
  }

  static override styles = [controlStyles, panelStyles];
}

customElements.define('ks-action-journal', ActionJournal);
declare global {
  interface HTMLElementTagNameMap {
    'ks-action-journal': ActionJournal;
  }
}
