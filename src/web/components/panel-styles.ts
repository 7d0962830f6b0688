// Looks of the integrity page's panels: a titled box, and a list of entries in it.
import { css } from 'lit';

export const panelStyles = css`
  :host {
    display: block;
    min-width: 0;
  }
  section {
    height: 100%;
    padding: var(--space-4) clamp(var(--space-3), 2vw, var(--space-5));
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  section > h2 {
    margin-bottom: var(--space-2);
  }
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  li {
    padding: var(--space-3) 0;
    border-top: 1px solid var(--line);
    overflow-wrap: anywhere;
  }
  li:first-child {
    border-top: 0;
  }
  .line {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: var(--space-1) var(--space-2);
  }
  .small {
    font-size: 0.875rem;
  }
`;
