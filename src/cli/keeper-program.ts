// The commands under `keepsake keeper`: options and help. Their work is in commands/keeper*.ts.
import type { Command } from 'commander';
import type { RestoreOptions } from './commands/keeper.ts';
import type { StoreOptions } from './commands/keeper-store.ts';
import type { Context } from './context.ts';

/** Makes a command with the options and help that all have. */
export type CommandMaker = (
  name: string,
  description: string,
  examples: readonly string[],
  parent?: Command,
) => Command;

/** A command's work; returns its exit code. */
export type CommandWork<Options> = (context: Context, options: Options, args: readonly string[]) => Promise<number>;

/** Loads what a command does, and all the code it needs: only when it is called. */
export type CommandLoader<Options> = () => Promise<CommandWork<Options>>;

export type CommandRunner = <Options>(load: CommandLoader<Options>) => (...given: unknown[]) => Promise<void>;

const dataOption = ['--data <folder>', 'the store; default: KEEPER_DATA, else that of npm start'] as const;
const readsOnly = '1: damage was found. It reads only, and may run beside a keeper.';

/** Adds `keeper` and its commands to the program. */
export function addKeeperCommands(
  program: Command,
  { command, run }: { readonly command: CommandMaker; readonly run: CommandRunner },
): void {
  const parent = program
    .command('keeper')
    .description('The durable S3 proxy: what it holds, its store, and the process itself.');
  const add = (name: string, description: string, examples: readonly string[]): Command =>
    command(name, description, examples, parent);

  add('status', 'Shows the state of the keeper and what it holds.', ['keepsake keeper status']).action(
    run(async () => (await import('./commands/keeper.ts')).keeperStatus),
  );
  add('versions', 'Lists the kept states of a key.', ['keepsake keeper versions images/….png'])
    .argument('<key>')
    .action(run(async () => (await import('./commands/keeper.ts')).keeperVersions));
  add('restore', 'Brings a key back: the newest state, or a version.', ['keepsake keeper restore images/….png'])
    .argument('<key>')
    .option('--version-id <id>', 'the version to bring back')
    .action(run<RestoreOptions>(async () => (await import('./commands/keeper.ts')).keeperRestore));
  add('inspect', "Shows what a store's folder holds, without a keeper or beside one.", [
    'keepsake keeper inspect',
    'keepsake keeper inspect --data /backup/keeper --json',
  ])
    .option(...dataOption)
    .addHelpText('after', readsOnly)
    .action(run<StoreOptions>(async () => (await import('./commands/keeper-store.ts')).keeperInspect));
  add('verify', 'Reads all that a store holds and compares it with its checksums; names what is damaged.', [
    'keepsake keeper verify',
    'keepsake keeper verify --data /backup/keeper && echo sound',
  ])
    .option(...dataOption)
    .addHelpText('after', readsOnly)
    .action(run<StoreOptions>(async () => (await import('./commands/keeper-store.ts')).keeperVerify));
  add('backup', 'Copies a store while the keeper runs: one whole state, read back and compared.', [
    'keepsake keeper backup /backup/keeper-$(date +%F)',
    'keepsake keeper backup --data ./keeper-data /mnt/backup/keeper',
  ])
    .argument('<folder>', 'where the copy goes; must not exist yet')
    .option(...dataOption)
    .addHelpText('after', '1: the store had damage already; it is copied, and named. The keeper is not disturbed.')
    .action(run<StoreOptions>(async () => (await import('./commands/keeper-folder.ts')).keeperBackup));
  add('export', 'Writes what S3 serves as a tar file that others can read, while the keeper runs or not.', [
    'keepsake keeper export objects.tar',
    'keepsake keeper export - | zstd > objects.tar.zst',
  ])
    .argument('<file>', 'the tar file, which must not exist yet; - for stdout')
    .option(...dataOption)
    .addHelpText(
      'after',
      '1: something is damaged, and left out. Objects, metadata, tags and settings; for undo and unfinished uploads\ntake a backup.',
    )
    .action(run<StoreOptions>(async () => (await import('./commands/keeper-export.ts')).keeperExport));
  add('import', 'Takes an export into the store of a stopped keeper, or into a new one.', [
    'keepsake keeper import objects.tar --data ./keeper-data',
    'zstd -d < objects.tar.zst | keepsake keeper import -',
  ])
    .argument('<file>', 'an export; - for stdin')
    .option(...dataOption)
    .addHelpText(
      'after',
      'A file is read to its end before anything is changed. What is there already is left alone, so it can be repeated;\nwhat differs is replaced, and kept for undo.',
    )
    .action(run<StoreOptions>(async () => (await import('./commands/keeper-export.ts')).keeperImport));
  add('compact', 'Gives the free space of a stopped store back to the disk. A running keeper does so by itself.', [
    'keepsake keeper compact',
  ])
    .option(...dataOption)
    .action(run<StoreOptions>(async () => (await import('./commands/keeper-folder.ts')).keeperCompact));
  add('run', 'Runs the keeper until SIGTERM.', [
    'KEEPER_UPSTREAM_URL=http://127.0.0.1:4567 keepsake keeper run',
  ]).action(run(async () => (await import('./commands/keeper-run.ts')).keeperRun));
}
