// The command line: commands, options, help. A command's own code in commands/ is loaded when it is called. Help and a
// wrong option need none of it, and the keeper's process holds no code of the API.
import { Command, InvalidArgumentError } from 'commander';
import { durationExpected, parseDurationMs } from '../shared/config.ts';
import { version } from '../shared/version.ts';
import type { BucketOptions } from './commands/bucket.ts';
import type { CheckOptions } from './commands/check.ts';
import type { FixOptions } from './commands/fix.ts';
import type { ReconcileOptions } from './commands/reconcile.ts';
import type { GlobalOptions } from './context.ts';
import { addKeeperCommands, type CommandLoader, type CommandMaker, type CommandRunner } from './keeper-program.ts';

const exitCodes = 'Exit codes: 0 clean, 1 drift or a fault found, 2 incomplete, refused or failed.';
const whichSystem =
  '\nIt talks to the system that DATABASE_URL and AWS_S3_ENDPOINT_URL name, else to the npm start that runs on\nKEEPSAKE_DATA (.keepsake).';

/** The program; `onExit` is told the exit code of the command that ran. */
export function createProgram(onExit: (code: number) => void): Command {
  const program = new Command('keepsake')
    .description('Proves that S3 and Postgres agree, and mends what does not.')
    .version(version)
    .option('--json', 'print the result as JSON, and nothing else, on stdout')
    .option('--verbose', 'show logs and the causes of errors')
    .showHelpAfterError('(keepsake --help, or keepsake <command> --help)')
    .addHelpText(
      'after',
      `\n${exitCodes}\nBy npm: npm run check, fix, doctor, persistence-test; others: npm run keepsake -- <command>`,
    );

  const command: CommandMaker = (name, description, examples, parent = program) =>
    parent
      .command(name)
      .description(description)
      .option('--json', 'print the result as JSON, and nothing else, on stdout')
      .option('--verbose', 'show logs and the causes of errors')
      .showHelpAfterError('(--help shows examples)')
      .addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ ${line}`).join('\n')}\n\n${exitCodes}`);

  // Commander passes the arguments, the options and the command itself.
  const run: CommandRunner =
    <Options>(load: CommandLoader<Options>) =>
    async (...given: unknown[]): Promise<void> => {
      const self = given.at(-1) as Command;
      const options = self.optsWithGlobals<GlobalOptions & Options>();
      const [{ createContext }, work] = await Promise.all([import('./context.ts'), load()]);
      onExit(await work(createContext(options), options, self.processedArgs.flat() as string[]));
    };

  command('check', 'Lists objects and rows and reports what differs. Changes nothing.', [
    'npm run check',
    'npm run check -- --create-test',
    'keepsake check --deep --json',
  ])
    .option('--create-test', 'upload a small real image first, and prove it readable')
    .option('--keep', 'with --create-test: leave the image there')
    .option('--deep', 'read every object and compare its SHA-256')
    .option('--grace <time>', `how old drift must be to be judged (${durationExpected})`, duration)
    .addHelpText('after', whichSystem)
    .action(run<CheckOptions>(async () => (await import('./commands/check.ts')).check));

  command('fix', 'Shows what a repair would do; with a flag it asks, then does it.', [
    'npm run fix',
    'npm run fix -- --fix',
    'npm run fix -- --clean-s3 --grace 0 --yes',
  ])
    .option('--fix', 'restore, adopt and finish what can be; removes nothing that matters')
    .option('--clean-s3', 'also set orphaned objects aside (quarantine)')
    .option('--clean-all', 'also drop rows and quarantined objects that nothing can bring back')
    .option('-y, --yes', 'do not ask (for scripts)')
    .option('--grace <time>', `how old drift must be to be removed (${durationExpected})`, duration)
    .addHelpText('after', whichSystem)
    .action(run<FixOptions>(async () => (await import('./commands/fix.ts')).fix));

  command('undo', 'Takes back what the last repair did, or single actions by the ids on the integrity page.', [
    'keepsake undo last',
    'keepsake undo 01936f5a-0000-7000-8000-000000000000',
  ])
    .argument('<id...>', 'ids of actions, or last')
    .action(run(async () => (await import('./commands/undo.ts')).undo));

  command('doctor', 'Looks at settings, disk, S3, bucket, keeper and database; names the remedy of each fault.', [
    'npm run doctor',
    'keepsake doctor --json',
  ]).action(run(async () => (await import('./commands/doctor.ts')).doctor));

  command('persistence-test', 'Creates, verifies, kills and restarts a system of its own, and verifies again.', [
    'npm run persistence-test',
  ]).action(run(async () => (await import('./commands/persistence-test.ts')).persistenceTest));

  addKeeperCommands(program, { command, run });

  command('start', 'Runs the whole system until Ctrl-C (npm start).', ['PORT=8081 keepsake start']).action(
    run(async () => (await import('./commands/start.ts')).start),
  );
  command('api', 'Runs the API, joined with the reconciler, until SIGTERM.', ['keepsake api']).action(
    run(async () => (await import('./commands/api.ts')).api),
  );
  command('reconcile', 'One run of the reconciler, its report published (what the CronJob runs).', [
    'keepsake reconcile',
    'keepsake reconcile --fix',
    'keepsake reconcile --wait 3m',
  ])
    .option(
      '--wait <time>',
      `how long to wait for a database, S3 or bucket that is not there yet (${durationExpected})`,
      duration,
      0,
    )
    .option('--fix', 'repair, within the limits')
    .option('--clean-s3', 'also set orphaned objects aside (quarantine)')
    .option('--clean-all', 'also drop rows and quarantined objects that nothing can bring back')
    .action(run<ReconcileOptions>(async () => (await import('./commands/reconcile.ts')).reconcile));
  const bucketCommand = program.command('bucket').description('The bucket of the images.');
  command('ensure', 'Makes the bucket when it is not there.', ['keepsake bucket ensure'], bucketCommand)
    .option('--wait <time>', `how long to wait for S3 (${durationExpected})`, duration, 60_000)
    .action(run<BucketOptions>(async () => (await import('./commands/bucket.ts')).bucketEnsure));
  return program;
}

function duration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new InvalidArgumentError(`Expected ${durationExpected}.`);
  return ms;
}
