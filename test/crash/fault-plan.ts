// What goes wrong in a cycle, and when: a function of the seed. A seed repeats the plan, not the machine's timing.
import { type Random, randomOf } from '../model/random.ts';
import { weighted } from './object-plan.ts';

/** `group`: all that `npm start` is, or every part where they are apart. */
export type Target = 'keeper' | 'localstack' | 'both' | 'group';

export type Step =
  /** SIGKILL, SIGSTOP, SIGCONT to all processes of the target at once; `terminate`: SIGTERM, and its end awaited. */
  | { readonly kind: 'kill' | 'terminate' | 'hang' | 'resume'; readonly target: Target }
  | { readonly kind: 'wait'; readonly ms: number }
  /** Starts what does not run and waits until clients can be served, or `ms`. */
  | { readonly kind: 'start'; readonly ms?: number }
  /** Starts LocalStack and waits until it answers: the keeper may be filling it by then. */
  | { readonly kind: 'start-localstack' };

export interface Fault {
  readonly name: string;
  readonly steps: readonly Step[];
}

export interface PlannedFault extends Fault {
  /** After so many answers in this cycle, and so many milliseconds more. */
  readonly afterAnswers: number;
  readonly afterMs: number;
  /** The load ends so many answers after the system is back. */
  readonly answersAfter: number;
}

type Choice = readonly [name: string, weight: number, steps: (random: Random) => readonly Step[]];

const kill = (target: Target): Step => ({ kind: 'kill', target });
const wait = (random: Random, most: number): Step => ({ kind: 'wait', ms: random.integer(0, most) });
const start: Step = { kind: 'start' };
const startCutShort = (random: Random, most: number): Step => ({ kind: 'start', ms: random.integer(0, most) });
const startLocalStack: Step = { kind: 'start-localstack' };
const hang = (target: Target): Step => ({ kind: 'hang', target });
const resume = (target: Target): Step => ({ kind: 'resume', target });

/** Weights: LocalStack takes seconds to start, the keeper a fraction of one, so more than half leave LocalStack alone. */
const apart: readonly Choice[] = [
  ['SIGKILL keeper', 26, (random) => [kill('keeper'), wait(random, 100), start]],
  ['SIGKILL keeper, again as it starts', 6, (r) => [kill('keeper'), startCutShort(r, 700), kill('keeper'), start]],
  ['SIGTERM keeper', 8, () => [{ kind: 'terminate', target: 'keeper' }, start]],
  ['SIGSTOP keeper, SIGCONT', 6, (random) => [hang('keeper'), wait(random, 700), resume('keeper')]],
  ['SIGSTOP keeper, SIGKILL', 4, (random) => [hang('keeper'), wait(random, 400), kill('keeper'), start]],
  ['SIGSTOP LocalStack, SIGCONT', 8, (random) => [hang('localstack'), wait(random, 900), resume('localstack')]],
  [
    'SIGSTOP LocalStack, SIGKILL keeper',
    3,
    (random) => [hang('localstack'), wait(random, 300), kill('keeper'), resume('localstack'), start],
  ],
  ['SIGKILL LocalStack', 13, () => [kill('localstack'), start]],
  ['SIGSTOP LocalStack, SIGKILL', 3, (random) => [hang('localstack'), wait(random, 600), kill('localstack'), start]],
  [
    'SIGKILL LocalStack, keeper as it restores',
    6,
    (random) => [kill('localstack'), startLocalStack, wait(random, 500), kill('keeper'), start],
  ],
  [
    'SIGKILL LocalStack, again as it is filled',
    2,
    (random) => [kill('localstack'), startLocalStack, wait(random, 500), kill('localstack'), start],
  ],
  [
    'SIGKILL LocalStack while the keeper hangs',
    3,
    () => [hang('keeper'), kill('localstack'), startLocalStack, resume('keeper'), start],
  ],
  ['SIGKILL both', 12, () => [kill('both'), start]],
];

const alone: readonly Choice[] = [
  ['SIGKILL', 12, () => [kill('group'), start]],
  ['SIGKILL, again as it starts', 4, (random) => [kill('group'), startCutShort(random, 3000), kill('group'), start]],
  ['SIGTERM', 2, () => [{ kind: 'terminate', target: 'group' }, start]],
  ['SIGSTOP, SIGCONT', 1, (random) => [hang('group'), wait(random, 700), resume('group')]],
  ['SIGSTOP, SIGKILL', 1, (random) => [hang('group'), wait(random, 300), kill('group'), start]],
];

export const faultNames = (upstream: 'embedded' | 'localstack'): readonly string[] =>
  choicesOf(upstream).map(([name]) => name);

/** `only`: the names to draw from; all when empty. */
export function planFault(
  seed: number,
  cycle: number,
  options: { readonly upstream: 'embedded' | 'localstack'; readonly only: readonly string[]; readonly load: number },
): PlannedFault {
  const random = randomOf(seed, 'fault', cycle);
  const choices = choicesOf(options.upstream).filter(
    ([name]) => options.only.length === 0 || options.only.includes(name),
  );
  const [name, , steps] = weighted(
    random,
    choices.map((choice) => [choice, choice[1]] as const),
  );
  return {
    name,
    steps: steps(random),
    afterAnswers: random.integer(0, options.load),
    afterMs: random.integer(0, 20),
    answersAfter: random.integer(10, Math.max(10, Math.floor(options.load / 2))),
  };
}

function choicesOf(upstream: 'embedded' | 'localstack'): readonly Choice[] {
  return upstream === 'localstack' ? apart : alone;
}
