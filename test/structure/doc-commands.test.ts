// Every command in the guides is one that exists, and can be pasted into sh, bash and zsh as it stands. Those that any
// machine can run are run by test/e2e/doc-commands.test.ts.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { commandsOf, docBlocks, whyNotRun } from '../support/doc-commands.ts';

const root = path.resolve(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const blocks = docBlocks();

/** Programs that a guide may use and that are not ours. Another one is a slip, or belongs here. */
const foreign = new Set(
  'apt-get aws brew cat cd chmod cp ctlptl curl docker echo export git grep head jq kill kind kubectl ls mkdir mv node npx pip pnpm promtool rclone rm sha256sum sleep sudo tail tar tilt unset wc yarn zstd'.split(
    ' ',
  ),
);

test('the guides have commands, and some of them are run', () => {
  expect(blocks.length).toBeGreaterThan(15);
  expect(blocks.filter((block) => whyNotRun(block) === undefined).length).toBeGreaterThanOrEqual(3);
});

describe.each(blocks)('$name', ({ text, commands }) => {
  test.each(['sh', 'bash', 'zsh'])('is understood by %s', (shell) => {
    const { error, status, stderr } = spawnSync(shell, ['-n'], { input: text, encoding: 'utf8' });
    if (!error) expect({ status, stderr }).toEqual({ status: 0, stderr: '' }); // else there is no such shell here
  });

  test('has nothing to fill in, and nothing that zsh takes for a pattern', () => {
    const bare = text.replaceAll(/(^|\s)#.*$/gm, '').replaceAll(/"[^"]*"|'[^']*'/g, "''");
    expect(bare).not.toMatch(/<[a-z][\w-]*>/);
    expect(bare.split(/\s+/).filter((word) => /[?*[\]]/.test(word) && !word.includes('='))).toEqual([]);
  });

  test('names what there is', () => {
    expect(commands.flatMap((command) => faultsOf(command))).toEqual([]);
  });
});

test.each([
  ['npm run chekc', 'no script chekc'],
  ['npm run check -- --no-such', 'no option --no-such'],
  ['keepsake keeper verfy', 'no command verfy'],
  ['node test/no-such.ts', 'no file test/no-such.ts'],
  ['kubectl apply -f k8s/no-such', 'no file k8s/no-such'],
  ['frobnicate --all', 'unknown program frobnicate'],
])('%s: %s', (command, fault) => {
  expect(commandsOf(command).flatMap((one) => faultsOf(one))).toEqual([fault]);
});

function faultsOf(command: string): readonly string[] {
  const words = command.split(/\s+/);
  const [program = '', verb = '', name = ''] = words;
  const paths = words.filter((word) => /^(\.\/)?(\.ci|bin|charts|docs|examples|k8s|src|test)\/[\w./-]+$/.test(word));
  const missing = paths.filter((file) => !existsSync(path.join(root, file))).map((file) => `no file ${file}`);
  return [...missing, ...faultsOfProgram()];

  function faultsOfProgram(): readonly string[] {
    if (program === 'npm' && verb === 'run') {
      const script = scripts[name];
      if (script === undefined) return [`no script ${name}`];
      const after = words.slice(words.indexOf('--') + 1);
      const own = script.match(/^node bin\/keepsake\.js ?(.*)$/)?.[1];
      return own === undefined ? [] : faultsOfKeepsake([...own.split(' '), ...(words.includes('--') ? after : [])]);
    }
    if (program === 'npm') return /^(install|start|test|exec|pack|rebuild|ci)$/.test(verb) ? [] : [`no npm ${verb}`];
    if (program === 'keepsake') return faultsOfKeepsake(words.slice(1));
    if (program === 'npx' && verb === 'keepsake') return faultsOfKeepsake(words.slice(2));
    if (program.startsWith('.') || program.includes('/'))
      return missing.length > 0 || paths.length > 0 ? [] : [`no file ${program}`];
    return foreign.has(program) ? [] : [`unknown program ${program}`];
  }
}

/** By the command line's own description: commander knows the words and options it takes. */
function faultsOfKeepsake(words: readonly string[]): readonly string[] {
  let command: Command = createProgram(() => {});
  const options: string[] = [];
  for (const word of words.filter((text) => text !== '')) {
    if (word.startsWith('-')) {
      options.push(word.replace(/=.*/, ''));
      continue;
    }
    const next = command.commands.find((one) => one.name() === word);
    if (next) command = next;
    else if (command.commands.length > 0) return [`no command ${word}`];
  }
  const known = new Set(['--help', '--version', ...command.options.flatMap(({ long, short }) => [long, short])]);
  return options.filter((option) => option !== '-' && !known.has(option)).map((option) => `no option ${option}`);
}
