// Looks that several components share: buttons, links, focus, text for screen readers only. No layout.
import { css } from 'lit';

export const controlStyles = css`
  :host {
    box-sizing: border-box;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: inherit;
  }
  :focus-visible {
    outline: 2px solid var(--focus);
    outline-offset: 2px;
  }
  a {
    color: var(--accent);
    text-underline-offset: 0.2em;
  }
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: var(--space-2);
    min-height: 40px;
    padding: 0 var(--space-4);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-small);
    background: var(--surface);
    color: var(--text);
    font: inherit;
    font-weight: 550;
    text-decoration: none;
    white-space: nowrap;
    cursor: pointer;
  }
  button:hover:not(:disabled),
  .button:hover {
    background: var(--surface-sunk);
  }
  button:disabled {
    opacity: 0.55;
    cursor: default;
  }
  button.primary {
    border-color: transparent;
    background: var(--accent);
    color: var(--on-accent);
  }
  button.primary:hover:not(:disabled) {
    background: var(--accent-hover);
  }
  button.danger {
    border-color: var(--bad);
    color: var(--bad);
  }
  button.danger.primary {
    border-color: transparent;
    background: var(--bad);
    color: var(--on-bad);
  }
  button.plain {
    min-height: 32px;
    padding: 0 var(--space-2);
    border-color: transparent;
    background: none;
    color: var(--accent);
  }
  input[type='text'] {
    min-height: 40px;
    padding: 0 var(--space-3);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-small);
    background: var(--surface);
    color: var(--text);
    font: inherit;
  }
  h1,
  h2,
  h3,
  p {
    margin: 0;
  }
  h1 {
    font-size: clamp(1.4rem, 1.1rem + 1.4vw, 1.9rem);
    line-height: 1.2;
    letter-spacing: -0.015em;
  }
  h2 {
    font-size: 1.1rem;
    line-height: 1.3;
  }
  code {
    font: 0.875em var(--font-mono);
    overflow-wrap: anywhere;
  }
  .muted {
    color: var(--text-muted);
  }
  .for-screen-readers {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
    }
  }
`;
