import { describe, expect, test } from 'vitest';
import { benchProgram, parseOptions, sizeIn, sizesIn, type UpstreamOptions, wholeNumber } from './options.ts';

interface Options extends UpstreamOptions {
  readonly rounds: number;
  readonly size: number;
}

/** The options that a bench gets of a command line, and its words on stderr. */
function parsed(args: readonly string[], { takesUrl = true, url }: { takesUrl?: boolean; url?: string } = {}) {
  const said: string[] = [];
  const program = benchProgram('some', { description: 'Measures.', takesUrl })
    .option('--rounds <n>', 'rounds', wholeNumber, 5)
    .option('--size <size>', 'size', sizeIn, 4096)
    .configureOutput({ writeErr: (text) => said.push(text.trim()) });
  const before = process.env.AWS_S3_ENDPOINT_URL;
  process.env.AWS_S3_ENDPOINT_URL = url ?? '';
  try {
    return parseOptions<Options>(program, args);
  } catch {
    return said.join('\n');
  } finally {
    if (before === undefined) delete process.env.AWS_S3_ENDPOINT_URL;
    else process.env.AWS_S3_ENDPOINT_URL = before;
  }
}

describe('a line says what is wrong with', () => {
  test.each([
    [['--rounds', '0'], 'Expected a whole number from 1.'],
    [['--rounds', '2.5'], 'Expected a whole number from 1.'],
    [['--size', 'big'], 'Expected a size in bytes, or with KiB, MiB, GiB or TiB.'],
    [['--upstream', 'nowhere'], 'Expected embedded, localstack or the URL of an S3 emulator that runs.'],
    [['--upstream', 'file:///tmp'], 'Expected embedded, localstack or the URL of an S3 emulator that runs.'],
    [['--localstack-processors', '3'], 'Allowed choices are one, all.'],
    [['--localstack-command', 'run'], 'Add --upstream localstack, or leave it out.'],
    [['--localstack-processors', 'all', '--upstream', 'http://s3'], 'Add --upstream localstack, or leave it out.'],
    [['--unknown'], "unknown option '--unknown'"],
    [['word'], 'too many arguments'],
  ])('%j', (args, expected) => {
    expect(parsed(args)).toMatch(/^error: [^\n]*$/);
    expect(parsed(args)).toContain(expected);
  });

  test('a URL, where the emulator has to be killed', () => {
    expect(parsed(['--upstream', 'http://s3'], { takesUrl: false })).toContain('Expected embedded or localstack.');
  });
});

test('without options: the embedded emulator, or the one that the environment names', () => {
  expect(parsed([])).toMatchObject({ upstream: 'embedded', localstackProcessors: 'one', rounds: 5, size: 4096 });
  expect(parsed([], { url: 'http://127.0.0.1:4566/' })).toMatchObject({ upstream: 'http://127.0.0.1:4566' });
  expect(parsed([], { url: 'http://127.0.0.1:4566/', takesUrl: false })).toMatchObject({ upstream: 'embedded' });
});

test('a LocalStack of the bench has the processors and the command that are asked for', () => {
  const args = ['--upstream', 'localstack', '--localstack-processors', 'all', '--localstack-command', 'run it'];
  expect(parsed(args)).toMatchObject({ localstackProcessors: 'all', localstackCommand: 'run it' });
});

test('sizes are read as people write them', () => {
  expect(sizesIn('4096,1MiB')).toEqual([4096, 1024 ** 2]);
});
