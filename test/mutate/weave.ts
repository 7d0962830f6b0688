// Weaves all mutants of a file into its text at once, each behind a question that one number answers. So that each run of the
// tests costs no new transformation, and every thread and process that loads the file carries the same mutants.
import type { Change } from './find-mutants.ts';

export interface WovenChange extends Change {
  readonly id: number;
}

interface Site {
  readonly start: number;
  readonly end: number;
  readonly changes: WovenChange[];
  readonly inside: Site[];
}

/** The text with all changes woven in, line by line where it was. `switchFile` is what the file imports the question from. */
export function weave(text: string, changes: readonly WovenChange[], switchFile: string): string {
  const whole: Site = { start: 0, end: text.length, changes: [], inside: [] };
  for (const change of changes) place(whole, change);
  const question = `import { isOn as __isOn } from ${JSON.stringify(switchFile)};`;
  return `${question} ${render(text, whole)}`;
}

// Changes come outermost first, as the text has them.
function place(around: Site, change: WovenChange): void {
  const last = around.inside.at(-1);
  if (last && last.start === change.start && last.end === change.end) last.changes.push(change);
  else if (last && change.start >= last.start && change.end <= last.end) place(last, change);
  else around.inside.push({ start: change.start, end: change.end, changes: [change], inside: [] });
}

function render(text: string, { start, end, changes, inside }: Site): string {
  let woven = '';
  let at = start;
  for (const site of inside) {
    woven += text.slice(at, site.start) + render(text, site);
    at = site.end;
  }
  woven += text.slice(at, end);
  if (changes.length === 0) return woven;
  // A statement that is removed has no value, and no other change at the same place. Braces: an `else` may follow it.
  const [only] = changes;
  if (only?.replacement === '') return `{ if (!__isOn(${only.id})) { ${woven} } }`;
  const choices = changes.map(({ id, replacement }) => `__isOn(${id}) ? (${replacement}) : `);
  return `(${choices.join('')}(${woven}))`;
}
