// The command line that the benches of the keeper share: a wrong value is told in one line, with exit code 2.
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';

/** Which emulator a bench measures with; see `createUpstream`. */
export interface UpstreamOptions {
  /** `embedded`, `localstack` or the URL of an S3 that runs. */
  readonly upstream: string;
  /** `COMMAND start PORT` and `COMMAND kill PORT` run a LocalStack, in the place of a container. */
  readonly localstackCommand?: string;
  /** On how many processors a LocalStack of the bench's own runs: `one` as in Keepsake's cluster (docs/decisions/0016). */
  readonly localstackProcessors: 'one' | 'all';
}

export function benchProgram(name: string, description: string): Command {
  return new Command(`npm run bench:${name} --`)
    .description(`${description} The last line is JSON.`)
    .addOption(
      new Option('--upstream <s3>', 'embedded, localstack, or the URL of an S3 emulator that runs')
        .env('AWS_S3_ENDPOINT_URL')
        .default('embedded')
        .argParser(upstreamOf),
    )
    .option('--localstack-command <cmd>', 'runs LocalStack by "<cmd> start PORT", "<cmd> kill PORT", in no container')
    .addOption(
      new Option('--localstack-processors <count>', 'on how many LocalStack runs: one is how the cluster runs it')
        .choices(['one', 'all'])
        .default('one'),
    )
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
}

function upstreamOf(text: string): string {
  if (text === '') return 'embedded'; // a variable that is empty counts as not set
  if (text === 'embedded' || text === 'localstack') return text;
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? ''))
    throw new InvalidArgumentError('Expected embedded, localstack or a URL.');
  return new URL(text).origin;
}

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 1.');
  return Number(text);
}

export function wholeNumbers(text: string): readonly number[] {
  return text.split(',').map(wholeNumber);
}

/** A new folder on a disk. `/tmp` is memory on many a Linux, where an fsync costs nothing; `/var/tmp` outlives a start (FHS 5.15). */
export function makeBenchFolder(): Promise<string> {
  return mkdtemp(path.join(process.platform === 'linux' ? '/var/tmp' : os.tmpdir(), 'keepsake-bench-'));
}
