// The options of the crash harness, from the command line.
import { parseArgs } from 'node:util';

export const killChoices = ['group', 'keeper', 'localstack', 'both', 'turn'] as const;
/** `turn`: keeper, LocalStack, both, one after the other. */
export type KillChoice = (typeof killChoices)[number];

export interface CrashOptions {
  readonly cycles: number;
  readonly images: number;
  readonly clients: number;
  readonly seed: number;
  readonly upstream: 'embedded' | 'localstack';
  readonly kill: KillChoice;
  /** Called with `start PORT` and `kill PORT` to run LocalStack without a container. */
  readonly localstackCommand: string | undefined;
  readonly keepsFolder: boolean;
}

export const usage = `npm run crash -- [options]
  Uploads real images and changes objects while SIGKILL hits at random moments, then compares what is served with what
  was acknowledged. The last line is JSON; the exit code is 1 when anything was lost, torn or resurrected.

  --cycles N        kills, each with its load and its comparison (20)
  --upstream S3     embedded: npm start with its own S3; localstack: LocalStack 4.14.0 behind a keeper (embedded)
  --kill WHAT       group, keeper, localstack, both or turn (embedded: group; localstack: turn)
  --images N        images sent in each cycle (200)
  --clients N       clients that send them (16)
  --seed N          repeats the plan of an earlier run (random)
  --localstack-command CMD   runs LocalStack by "CMD start PORT" and "CMD kill PORT" instead of in a container
  --keep            leaves the folder with the data and the logs
`;

/** @throws Error whose message tells what can't be used */
export function readOptions(args: readonly string[], randomSeed: number): CrashOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cycles: { type: 'string', default: '20' },
      images: { type: 'string', default: '200' },
      clients: { type: 'string', default: '16' },
      seed: { type: 'string', default: String(randomSeed) },
      upstream: { type: 'string', default: 'embedded' },
      kill: { type: 'string' },
      'localstack-command': { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const upstream = oneOf('--upstream', values.upstream, ['embedded', 'localstack'] as const);
  const kill = oneOf('--kill', values.kill ?? (upstream === 'embedded' ? 'group' : 'turn'), killChoices);
  if (upstream === 'embedded' && kill !== 'group')
    throw new Error('--kill: embedded runs as one process group, which only dies whole: use --upstream localstack');
  return {
    cycles: wholeNumber('--cycles', values.cycles),
    images: wholeNumber('--images', values.images),
    clients: wholeNumber('--clients', values.clients),
    seed: wholeNumber('--seed', values.seed),
    upstream,
    kill,
    localstackCommand: values['localstack-command'],
    keepsFolder: values.keep,
  };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${name}: expected a whole number from 1, got ${text}`);
  return value;
}

function oneOf<const T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === text);
  if (!choice) throw new Error(`${name}: expected ${choices.join(', ')}, got ${text}`);
  return choice;
}
