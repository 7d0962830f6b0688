// The table, for a terminal and for docs/evidence/fidelity.md. The document leaves out all that can change from run to
// run.
import Table from 'cli-table3';
import type { Comparison, Difference } from './compare.ts';

export interface Summary {
  readonly cases: number;
  readonly same: number;
  readonly explained: number;
  readonly unexplained: number;
}

type Verdict = 'same' | 'explained' | 'different';

export function verdictOf({ differences }: Comparison): Verdict {
  if (differences.length === 0) return 'same';
  return differences.every(({ reason }) => reason !== undefined) ? 'explained' : 'different';
}

export function summarise(comparisons: readonly Comparison[]): Summary {
  const count = (verdict: Verdict) => comparisons.filter((one) => verdictOf(one) === verdict).length;
  return {
    cases: comparisons.length,
    same: count('same'),
    explained: count('explained'),
    unexplained: count('different'),
  };
}

export function renderTable(comparisons: readonly Comparison[]): string {
  const table = new Table({ head: ['area', 'case', 'result', 'reason'], colWidths: [26, 58, 11, 60], wordWrap: true });
  for (const one of comparisons) table.push([one.area, one.name, verdictOf(one), reasonsOf(one).join(' ')]);
  return table.toString();
}

/** The differing lines of a case that nobody has explained. */
export function renderUnexplained({ area, name, differences }: Comparison): string {
  const unexplained = differences.filter(({ reason }) => reason === undefined);
  return [`${area}: ${name}`, ...unexplained.flatMap(({ lines }) => lines.map((line) => `    ${line}`))].join('\n');
}

/** docs/evidence/fidelity.md, whole. `clients`: which were compared. */
export function renderDocument(comparisons: readonly Comparison[], clients: readonly string[]): string {
  const { cases, same, explained, unexplained } = summarise(comparisons);
  const explainedOnes = comparisons.filter((one) => verdictOf(one) === 'explained');
  return `<!-- Written by \`npm run fidelity\`. -->
# The same S3

Every case below is done twice: on LocalStack 4.14.0 as it is, and through the keeper in front of it. Status, headers in
their order, bodies and error codes are compared byte for byte; only ids, dates and the names of hosts and buckets may
differ. Afterwards LocalStack is killed with SIGKILL, the keeper fills the new one, and everything that S3 tells of what
the cases left behind (objects, metadata, checksums, tags, ACLs, settings, uploads in progress) is compared with what it
told before: the areas that begin with "after a restore".

Clients: ${clients.join(', ')}.

**${cases} cases: ${same} the same, ${explained} different for a reason, ${unexplained} different without one.**

## What differs, and why

| area | case | reason |
| --- | --- | --- |
${explainedOnes.map((one) => row([one.area, one.name, reasonsOf(one).join(' ')])).join('\n')}

## All cases

| area | case | result |
| --- | --- | --- |
${comparisons.map((one) => row([one.area, one.name, verdictOf(one)])).join('\n')}
`;
}

function reasonsOf({ differences }: Comparison): readonly string[] {
  const reason = ({ reason = '' }: Difference) => reason;
  return [...new Set(differences.map(reason))].filter((one) => one !== '');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
