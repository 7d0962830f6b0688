// Every difference that is meant, with its reason. One that is not here fails the run.

export interface Explanation {
  /** Where it is seen: at the two doors, or before and after a restore. */
  readonly at: 'doors' | 'restore';
  /** Names of cases, or all of them. */
  readonly cases: readonly string[] | 'any';
  /** Whether the reason holds for this pair of exchanges: as it should be, and as it is. */
  holds(before: string, after: string): boolean;
  readonly reason: string;
}

/** The answer that a keeper gives by itself, with that code. */
const refusedWith = (code: string) => (_before: string, after: string) =>
  isKeepers(after) && after.includes(`<Code>${code}</Code>`);

export const explanations: readonly Explanation[] = [
  {
    at: 'doors',
    cases: 'any',
    holds: (before, after) =>
      isKeepers(after) && statusOf(before) === statusOf(after) && codeOf(before) === codeOf(after),
    reason:
      'The keeper sees by itself that this must fail and answers with the same status and error code; the words and headers of the emulator are missing.',
  },
  {
    at: 'doors',
    cases: ['a path with a broken escape', 'a path with an escape cut off', 'a path with no UTF-8'],
    holds: refusedWith('InvalidURI'),
    reason: 'A path that is no percent-encoded UTF-8 names no key; AWS refuses it with 400, too. LocalStack guesses.',
  },
];

/** Whether the keeper itself made this answer. */
export function isKeepers(exchange: string): boolean {
  return exchange.includes('<RequestId>keepsake</RequestId>');
}

/** The status in the first line of an exchange. */
export function statusOf(exchange: string): number {
  return Number(/ → (\d{3})/.exec(exchange)?.[1]);
}

function codeOf(exchange: string): string | undefined {
  return /<Code>([^<]*)</.exec(exchange)?.[1];
}
