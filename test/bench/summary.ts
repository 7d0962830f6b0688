// From times of single requests to the figures of a bench. Pure.

export interface Figures {
  /** Requests per second. */
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Measurement {
  readonly latenciesMs: readonly number[];
  readonly elapsedMs: number;
}

/** The figures of all rounds together. */
export function figuresOf(rounds: readonly Measurement[]): Figures {
  const sorted = Float64Array.from(rounds.flatMap(({ latenciesMs }) => latenciesMs)).sort();
  const elapsedMs = rounds.reduce((sum, round) => sum + round.elapsedMs, 0);
  return {
    rate: Math.round((sorted.length * 1000) / elapsedMs),
    p50Ms: rounded(quantile(sorted, 0.5), 2),
    p99Ms: rounded(quantile(sorted, 0.99), 2),
  };
}

/** The median over rounds of one side's rate to the other's in the same round: what drifts meets both sides. */
export function medianRatio(rounds: readonly (readonly [Measurement, Measurement])[]): number {
  const rateOf = ({ latenciesMs, elapsedMs }: Measurement): number => latenciesMs.length / elapsedMs;
  const ratios = Float64Array.from(rounds, ([base, other]) => rateOf(other) / rateOf(base)).sort();
  const middle = (ratios.length - 1) / 2;
  return rounded(((ratios[Math.floor(middle)] ?? 0) + (ratios[Math.ceil(middle)] ?? 0)) / 2, 3);
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
