// The options of the crash harness, from the command line.
import { parseArgs } from 'node:util';
import { faultNames } from './fault-plan.ts';

export interface CrashOptions {
  readonly cycles: number;
  /** The cycle to begin with: the plan of a cycle does not depend on those before it. */
  readonly fromCycle: number;
  /** Images in each cycle that sends any; 0: none ever, and no Postgres. */
  readonly images: number;
  /** Every how many cycles images are sent. */
  readonly imagesEvery: number;
  readonly clients: number;
  /** How many answers a cycle's fault may wait for. */
  readonly load: number;
  readonly seed: number;
  readonly upstream: 'embedded' | 'localstack';
  /** Power cuts and failing disks, too. */
  readonly hasDiskFaults: boolean;
  /** Names of faults to draw from; empty: all. */
  readonly faults: readonly string[];
  /** Called with `start PORT` and `kill PORT` to run LocalStack without a container. */
  readonly localstackCommand: string | undefined;
  readonly keepsFolder: boolean;
}

/** Above this many cycles images are left out unless they are asked for: the run is about S3. */
const longRun = 50;

export const usage = `npm run crash -- [options]
  Changes and reads objects over S3, and uploads real images, while processes are killed, stopped and hung at random
  moments; then compares every answer, and all that is there, with what can be. The last line is JSON; the exit code is
  1 when anything was lost, torn or resurrected.

  --cycles N        faults, each with its load and its comparison (20)
  --upstream S3     embedded: npm start with its own S3; localstack: LocalStack 4.14.0 behind a keeper (embedded)
  --faults 'A; B'   only faults whose names begin so (all):
    localstack: ${faultNames('localstack').join('; ')}
    embedded: ${faultNames('embedded').join('; ')}
  --load N          a fault comes after 0 to N answers of its cycle (60)
  --images N        images sent in a cycle (60; above ${longRun} cycles 0: none, and no Postgres)
  --images-every N  in every N-th cycle (4)
  --clients N       clients of each load (8)
  --seed N          repeats the plan of an earlier run (random)
  --from-cycle N    begins with the plan of this cycle (1)
  --localstack-command CMD   runs LocalStack by "CMD start PORT" and "CMD kill PORT" instead of in a container
  --no-disk-faults  without power cuts and failing disks, which need Linux and a C compiler
  --keep            leaves the folder with the data, the logs and the history of all requests
`;

/** @throws Error whose message tells what can't be used */
export function readOptions(args: readonly string[], randomSeed: number): CrashOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cycles: { type: 'string', default: '20' },
      'from-cycle': { type: 'string', default: '1' },
      images: { type: 'string' },
      'images-every': { type: 'string', default: '4' },
      clients: { type: 'string', default: '8' },
      load: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(randomSeed) },
      upstream: { type: 'string', default: 'embedded' },
      faults: { type: 'string' },
      'localstack-command': { type: 'string' },
      'no-disk-faults': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  });
  const upstream = oneOf('--upstream', values.upstream, ['embedded', 'localstack'] as const);
  const cycles = wholeNumber('--cycles', values.cycles, 1);
  return {
    cycles,
    fromCycle: wholeNumber('--from-cycle', values['from-cycle'], 1),
    images: wholeNumber('--images', values.images ?? (cycles > longRun ? '0' : '60'), 0),
    imagesEvery: wholeNumber('--images-every', values['images-every'], 1),
    clients: wholeNumber('--clients', values.clients, 1),
    load: wholeNumber('--load', values.load, 1),
    seed: wholeNumber('--seed', values.seed, 1),
    upstream,
    hasDiskFaults: !values['no-disk-faults'],
    faults: namedFaults(values.faults, faultNames(upstream)),
    localstackCommand: values['localstack-command'],
    keepsFolder: values.keep,
  };
}

function namedFaults(text: string | undefined, names: readonly string[]): readonly string[] {
  if (text === undefined) return [];
  const beginnings = text.split(';').map((one) => one.trim());
  const unknown = beginnings.find((beginning) => !names.some((name) => name.startsWith(beginning)));
  if (unknown !== undefined) throw new Error(`--faults: expected the beginning of ${names.join('; ')}, got ${unknown}`);
  return names.filter((name) => beginnings.some((beginning) => name.startsWith(beginning)));
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`${name}: expected a whole number from ${least}, got ${text}`);
  return value;
}

function oneOf<const T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === text);
  if (!choice) throw new Error(`${name}: expected ${choices.join(', ')}, got ${text}`);
  return choice;
}
