// Two records of the same case, exchange by exchange: the same, explained, or not explained.
import { type Explanation, isKeepers, statusOf } from './known-differences.ts';

export interface Difference {
  /** The lines that only one side has, the first few. */
  readonly lines: readonly string[];
  /** Why it has to be; undefined when nobody has said so. */
  readonly reason: string | undefined;
}

/** One row of the table. */
export interface Comparison {
  readonly area: string;
  readonly name: string;
  readonly exchanges: number;
  readonly differences: readonly Difference[];
}

const shownLines = 5; // of each side

/** Compares what was seen. Pure. `left` is how it should be; `known`: the explanations that may apply. */
export function compare(
  row: Pick<Comparison, 'area' | 'name'>,
  { left, right }: { readonly left: readonly string[]; readonly right: readonly string[] },
  known: readonly Explanation[],
): Comparison {
  const candidates = known.filter(({ cases }) => cases === 'any' || cases.includes(row.name));
  const differences: Difference[] = [];
  const exchanges = Math.max(left.length, right.length);
  let refusal: string | undefined; // a request refused for a reason explains what is missing afterwards
  for (let i = 0; i < exchanges; i++) {
    const [before, after] = [left[i] ?? 'nothing', right[i] ?? 'nothing'];
    if (before === after) continue;
    const found = candidates.find((one) => one.holds(before, after));
    if (found?.isChance) continue;
    const reason = found?.reason ?? refusal;
    if (reason !== undefined && isKeepers(after) && statusOf(before) < 300) refusal = reason;
    differences.push({ lines: differingLines(before, after), reason });
  }
  return { ...row, exchanges, differences };
}

function differingLines(left: string, right: string): readonly string[] {
  const [before, after] = [left.split('\n'), right.split('\n')];
  const only = (lines: readonly string[], others: readonly string[], sign: string) =>
    lines.filter((line) => !others.includes(line)).map((line) => `${sign} ${line}`);
  const found = [...only(before, after, '-').slice(0, shownLines), ...only(after, before, '+').slice(0, shownLines)];
  const [first = ''] = before;
  const lines = found.length > 0 ? found : ['  the same lines in another order'];
  return [`  ${first}`, ...lines];
}
