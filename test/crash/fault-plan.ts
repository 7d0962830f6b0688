// The fault of a cycle, and when: a function of the seed. A seed repeats the plan, not the machine's timing.
import type { DiskFault } from '../faults/disk-layer.ts';
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
  | { readonly kind: 'start-localstack' }
  /** Makes the keeper's folder, while all is dead, what a power cut leaves of it: a function of the seed. */
  | { readonly kind: 'cut-power'; readonly seed: number }
  /** The keeper's disk fails so from now on; undefined: never again. */
  | { readonly kind: 'disk'; readonly fault: DiskFault | undefined };

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

/** The faults that need the layer below the keeper's disk (test/faults/): Linux and a C compiler. */
const withLayer: readonly Choice[] = [
  ['power cut', 9, (random) => [kill('both'), cutPower(random), start]],
  ['full disk', 4, (random) => failing(random, { kind: 'full', roomBytes: random.integer(0, 300_000) })],
  ['read-only disk', 2, (random) => failing(random, { kind: 'read-only' })],
  // After a failed fsync the keeper may have ended by itself.
  [
    'failing fsync, SIGKILL keeper',
    4,
    (random) => [...failing(random, anyFailingFsync(random)), kill('keeper'), start],
  ],
  [
    'failing fsync, power cut',
    2,
    (random) => [...failing(random, anyFailingFsync(random)), kill('both'), cutPower(random), start],
  ],
];

function failing(random: Random, fault: DiskFault): readonly Step[] {
  return [{ kind: 'disk', fault }, wait(random, 500), { kind: 'disk', fault: undefined }];
}

function anyFailingFsync(random: Random): DiskFault {
  return { kind: 'failing-fsync', after: random.integer(0, 5), times: random.integer(1, 3) };
}

function cutPower(random: Random): Step {
  return { kind: 'cut-power', seed: random.integer(1, 1e9) };
}

const alone: readonly Choice[] = [
  ['SIGKILL', 12, () => [kill('group'), start]],
  ['SIGKILL, again as it starts', 4, (random) => [kill('group'), startCutShort(random, 3000), kill('group'), start]],
  ['SIGTERM', 2, () => [{ kind: 'terminate', target: 'group' }, start]],
  ['SIGSTOP, SIGCONT', 1, (random) => [hang('group'), wait(random, 700), resume('group')]],
  ['SIGSTOP, SIGKILL', 1, (random) => [hang('group'), wait(random, 300), kill('group'), start]],
];

export function faultNames(upstream: 'embedded' | 'localstack'): readonly string[] {
  return choicesOf(upstream, true).map(([name]) => name);
}

/** `only`: the names to draw from; all when empty. `hasLayer`: whether the keeper's disk can be made to fail. */
export function planFault(
  seed: number,
  cycle: number,
  options: {
    readonly upstream: 'embedded' | 'localstack';
    readonly only: readonly string[];
    readonly hasLayer: boolean;
    readonly load: number;
  },
): PlannedFault {
  const random = randomOf(seed, 'fault', cycle);
  const choices = choicesOf(options.upstream, options.hasLayer).filter(
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

function choicesOf(upstream: 'embedded' | 'localstack', hasLayer: boolean): readonly Choice[] {
  if (upstream === 'embedded') return alone;
  return hasLayer ? [...apart, ...withLayer] : apart;
}
