#!/usr/bin/env node
// `keepsake`: one command line for what a person or a cluster runs. An error is one line with its remedy, never a stack.
import '../shared/disposable-stack.ts'; // first: what follows uses it
import { CommanderError } from 'commander';
import { asKeepsakeError, toErrorBody } from '../shared/errors.ts';
import { createProgram } from './program.ts';

// The program that reads our output closed the pipe (`| head`), so nobody can read an error either.
process.stdout.on('error', () => process.exit(2));
process.exitCode = await main(process.argv);

async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = createProgram((exit) => {
    code = exit;
  });
  for (const one of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    one.exitOverride();
  }
  try {
    await program.parseAsync(argv);
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2; // it has said what
    return tell(thrown, argv);
  }
}

function tell(thrown: unknown, argv: readonly string[]): number {
  const error = asKeepsakeError(thrown);
  if (argv.includes('--json')) process.stdout.write(`${JSON.stringify(toErrorBody(error), null, 2)}\n`);
  process.stderr.write(`✗ ${error.message}\n`);
  if (error.code === 'InvalidSettings') return 2; // said in full
  if (argv.includes('--verbose')) console.error(thrown);
  else if (error.code === 'Internal') process.stderr.write('  Its cause: run again with --verbose.\n');
  return 2;
}
