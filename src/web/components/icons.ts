// Icons as inline SVG in the colour of their text; hidden from screen readers, so a name stands beside each.
import { type SVGTemplateResult, svg } from 'lit';

function icon(path: string): SVGTemplateResult {
  return svg`<svg
    viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.8"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"
  ><path d=${path}></path></svg>`;
}

export const uploadIcon = icon('M12 16V4m0 0L7 9m5-5 5 5M4 16v3a1.5 1.5 0 0 0 1.5 1.5h13A1.5 1.5 0 0 0 20 19v-3');
export const brokenIcon = icon('M8 5h12v12M17 19H4V6M4 16l5-5 5 5M3 3l18 18');
export const backIcon = icon('m11 5-7 7 7 7M4 12h16');
export const closeIcon = icon('M6 6l12 12M18 6 6 18');
export const downloadIcon = icon('M12 4v12m0 0 5-5m-5 5-5-5M4 20h16');
export const binIcon = icon('M4 7h16M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.400L17.5 7M10 11v5m4-5v5');
export const copyIcon = icon('M9 9h11v11H9zM5 15H4V4h11v1');
export const pencilIcon = icon('M4 20l1-4L16.5 4.5l3 3L8 19zM14 7l3 3');
export const doneIcon = icon('m5 12.5 4.5 4.5L19 7.5');
export const alertIcon = icon('M12 8v5m0 3.5v.01M12 3.5 2.5 20h19z');
export const againIcon = icon('M19.5 12a7.5 7.5 0 1 1-2.200-5.300M19.5 3.5V8H15');
