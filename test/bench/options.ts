// The command line that the benches of the keeper share: what is wrong is told in one line, with exit code 2.
import {
  type Command,
  CommanderError,
  createCommand,
  createOption,
  InvalidArgumentError,
  type Option,
} from 'commander';
import { sizeSetting } from '../../src/shared/config.ts';
import type { Processors } from '../support/localstack.ts';

/** Which emulator a bench measures with; see `createUpstream`. */
export interface UpstreamOptions {
  /** `embedded`, `localstack` or the origin of an S3 that runs. */
  readonly upstream: string;
  /** `COMMAND start PORT` and `COMMAND kill PORT` run a LocalStack, in the place of a container. */
  readonly localstackCommand?: string;
  /** On how many processors a LocalStack of the bench's own runs: `one` as in Keepsake's cluster (docs/decisions/0016). */
  readonly localstackProcessors: Processors;
}

interface Bench {
  readonly description: string;
  /** Whether it may measure with an emulator that it can't kill. @default true */
  readonly takesUrl?: boolean;
}

export function benchProgram(name: string, { description, takesUrl = true }: Bench): Command {
  const places = takesUrl ? 'embedded, localstack or the URL of an S3 emulator that runs' : 'embedded or localstack';
  const upstream = createOption('--upstream <s3>', places)
    .default('embedded')
    .argParser((text) => upstreamOf(text, takesUrl) ?? reject(places));
  return createCommand(`npm run bench:${name} --`)
    .description(`${description} The last line is JSON.`)
    .addOption(takesUrl ? upstream.env('AWS_S3_ENDPOINT_URL') : upstream)
    .option(
      '--localstack-command <cmd>',
      'starts LocalStack as its child by "<cmd> start PORT", ends it by "<cmd> kill PORT"',
    )
    .addOption(
      createOption('--localstack-processors <count>', 'for LocalStack; one, as in the cluster, needs Linux and python3')
        .choices(['one', 'all'])
        .default('one'),
    )
    .exitOverride();
}

/** The options of this process. Ends it where they make no sense, or only help was asked for. */
export function readOptions<T extends UpstreamOptions>(program: Command): T {
  try {
    return parseOptions<T>(program, process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exit(error.exitCode === 0 ? 0 : 2);
  }
}

/** @throws CommanderError when they make no sense; the program has said so on stderr */
export function parseOptions<T extends UpstreamOptions>(program: Command, args: readonly string[]): T {
  program.parse(args, { from: 'user' });
  const options = program.opts<T>();
  if (options.upstream === 'localstack') return options;
  const isGiven = (option: Option): boolean => program.getOptionValueSource(option.attributeName()) === 'cli';
  const alien = program.options.find((option) => option.long?.startsWith('--localstack-') && isGiven(option));
  if (alien)
    program.error(`error: option '${alien.long}' is about LocalStack. Add --upstream localstack, or leave it out.`);
  return options;
}

function upstreamOf(text: string, takesUrl: boolean): string | undefined {
  if (text === '') return 'embedded'; // a variable that is empty counts as not set
  if (text === 'embedded' || text === 'localstack') return text;
  const url = takesUrl ? URL.parse(text) : null;
  return url !== null && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}

export function wholeNumber(text: string): number {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : reject('a whole number from 1');
}

/** A size in bytes, as people write it. */
export function sizeIn(text: string): number {
  const { parse, expected } = sizeSetting('', '');
  try {
    return parse(text);
  } catch {
    return reject(expected);
  }
}

export function sizesIn(text: string): readonly number[] {
  return text.split(',').map(sizeIn);
}

export function reject(expected: string): never {
  throw new InvalidArgumentError(`Expected ${expected}.`);
}
