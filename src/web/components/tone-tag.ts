import { css, html, LitElement } from 'lit';
import type { Tone } from '../data/integrity-words.ts';
import { controlStyles } from './control-styles.ts';

/** A word on a ground of its tone: a status, a class, a state. */
export class ToneTag extends LitElement {
  static override properties = { tone: { reflect: true } };
  declare tone: Tone;

  constructor() {
    super();
    this.tone = 'quiet';
  }

  protected override render() {
    return html`<slot></slot>`;
  }

  static override styles = [
    controlStyles,
    css`
      :host {
        display: inline-block;
        padding: 1px 10px;
        border-radius: 999px;
        background: var(--surface-sunk);
        color: var(--text-muted);
        font-size: 0.8125rem;
        font-weight: 600;
        white-space: nowrap;
      }
      :host([tone='good']) {
        background: var(--good-soft);
        color: var(--good);
      }
      :host([tone='warn']) {
        background: var(--warn-soft);
        color: var(--warn);
      }
      :host([tone='bad']) {
        background: var(--bad-soft);
        color: var(--bad);
      }
    `,
  ];
}

customElements.define('ks-tone-tag', ToneTag);
declare global {
  interface HTMLElementTagNameMap {
    'ks-tone-tag': ToneTag;
  }
}
