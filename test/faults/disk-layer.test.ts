// The layer sees all that happens in its folder: the journal, carried out whole, is the folder, byte for byte.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { describeWith } from '../support/requirements.ts';
import { cutPower } from './cut-power.ts';
import { createDiskLayer, type DiskFault, type DiskLayer } from './disk-layer.ts';
import { readJournal } from './journal.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { allSurvive } from './simulated-file.ts';

describeWith(['cc'], 'the layer between a process and its disk', () => {
  let top: string;
  let folder: string;
  let layer: DiskLayer;
  beforeEach(async () => {
    top = await realpath(await mkdtemp(path.join(os.tmpdir(), 'keepsake-disk-')));
    onTestFinished(() => rm(top, { recursive: true, force: true }));
    folder = path.join(top, 'disk');
    mkdirSync(path.join(folder, 'below'), { recursive: true });
    writeFileSync(path.join(folder, 'below/held'), 'held before');
    writeFileSync(path.join(top, 'outside'), 'x'.repeat(100_000));
    layer = await createDiskLayer({ watched: folder, place: path.join(top, 'layer') });
  });

  /** Runs a script with `fs` and `DatabaseSync` on the folder; gives what it prints. */
  function run(script: string): string {
    const prelude = `const fs = require('node:fs'); const { DatabaseSync } = require('node:sqlite');
      const attempt = (call) => { try { return String(call()); } catch (error) { return error.code; } };`;
    const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', `${prelude}\n${script}`], {
      cwd: folder,
      env: { ...process.env, ...layer.env },
      encoding: 'utf8',
    });
    expect([stderr, status]).toEqual(['', 0]);
    return stdout.trim();
  }

  function expectJournalToBeTheFolder(): void {
    const disk = new SimulatedDisk(allSurvive);
    for (const record of readJournal(layer.journal)) disk.apply(record);
    const copy = path.join(top, 'copy');
    disk.cut(copy, allSurvive);
    expect(treeOf(copy)).toEqual(treeOf(folder));
  }

  test.each([
    [
      'files written at once, bit by bit, at places, in many pieces',
      `
      fs.writeFileSync('a', 'one'); fs.appendFileSync('a', 'two'); fs.writeFileSync('below/b', Buffer.alloc(70000, 7));
      const file = fs.openSync('c', 'w+'); fs.writeSync(file, 'far', 9000); fs.writeSync(file, 'near');
      fs.writevSync(file, Array.from({ length: 40 }, (_, i) => Buffer.alloc(i * 10, i)));
      fs.writevSync(file, [Buffer.from('x'), Buffer.from('y')], 3); fs.ftruncateSync(file, 5000); fs.closeSync(file);`,
    ],
    [
      'streams and promises',
      `
      const stream = fs.createWriteStream('stream'); for (let i = 0; i < 50; i++) stream.write('line ' + i);
      stream.end(); fs.promises.writeFile('promised', 'x'.repeat(300000));`,
    ],
    [
      'files cut, replaced, linked, copied and removed',
      `
      fs.writeFileSync('a', 'long enough'); fs.truncateSync('a', 4); fs.writeFileSync('a', 'new'); fs.linkSync('a', 'below/a');
      fs.copyFileSync('../outside', 'copy'); fs.cpSync('below', 'below2', { recursive: true }); fs.renameSync('copy', 'below/held');
      fs.mkdirSync('x/y/z', { recursive: true }); fs.writeFileSync('x/y/z/f', 'f'); fs.renameSync('x/y', 'y');
      fs.unlinkSync('a'); fs.rmSync('below2', { recursive: true }); fs.rmdirSync('x'); fs.writeFileSync('a', 'again');`,
    ],
    [
      'a database with a log, written, folded in and shrunk',
      `
      const db = new DatabaseSync('db'); db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a BLOB)');
      for (let i = 0; i < 300; i++) db.exec('INSERT INTO t VALUES (randomblob(5000))');
      db.exec('DELETE FROM t WHERE rowid < 200; VACUUM; PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t VALUES (1)');
      db.exec("VACUUM INTO 'vacuumed'"); process.kill(process.pid, 0);`,
    ],
  ])('sees %s', (_what, script) => {
    run(script);
    expectJournalToBeTheFolder();
    run("fs.appendFileSync('below/held', 'by a second process')");
    expectJournalToBeTheFolder();
  });

  test.each<[string, DiskFault, string, string]>([
    [
      'fails the fsync that is named',
      { kind: 'failing-fsync', of: '*/below*', after: 1, times: 1 },
      'const sync = (path) => attempt(() => fs.fsyncSync(fs.openSync(path)));' +
        "console.log(sync('.'), sync('below'), sync('below/held'), sync('below/held'))",
      'undefined undefined EIO undefined',
    ],
    [
      'says that the disk is full, and takes what fits',
      { kind: 'full', roomBytes: 100 },
      "const file = fs.openSync('a', 'w'); console.log(fs.writeSync(file, 'x'.repeat(70)), fs.writeSync(file, 'x'.repeat(70))," +
        "attempt(() => fs.writeSync(file, 'x')), attempt(() => fs.writeSync(file, 'y', 0)))",
      '70 30 ENOSPC 1',
    ],
    [
      'makes the disk read-only',
      { kind: 'read-only' },
      "console.log(['writeFileSync', 'linkSync', 'unlinkSync', 'truncateSync'].map((name) => attempt(() => fs[name]('below/held', ''))).join(' ')," +
        "fs.readFileSync('below/held', 'utf8'))",
      'EROFS EROFS EROFS EROFS held before',
    ],
  ])('%s', (_what, fault, script, said) => {
    layer.inject(fault);
    expect(run(script)).toBe(said);
    layer.heal();
    run("fs.writeFileSync('healed', 'x'); fs.fsyncSync(fs.openSync('healed'))");
    expectJournalToBeTheFolder();
  });

  test('after a power cut only what was synced is there, and the next process goes on from it', () => {
    run(
      "fs.writeFileSync('synced', 'x'); for (const file of ['synced', '.']) fs.fsyncSync(fs.openSync(file)); fs.writeFileSync('held', 'y')",
    );
    cutPower(layer.journal, folder, 'nothing');
    expect(Object.keys(treeOf(folder))).toEqual(['below', 'below/held', 'synced']);
    run("fs.appendFileSync('synced', 'z'); fs.fsyncSync(fs.openSync('synced')); fs.unlinkSync('synced')");
    cutPower(layer.journal, folder, 'nothing');
    expect(readFileSync(path.join(folder, 'synced'), 'utf8')).toBe('xz');
  });

  test('takes half of each write, and who writes goes on with the rest', () => {
    layer.inject({ kind: 'short-writes' });
    run("fs.writeFileSync('a', '12345678'); new DatabaseSync('db').exec('CREATE TABLE t (a)')");
    const written = [...readJournal(layer.journal)].flatMap((record) =>
      record.kind === 'write' ? [String(record.bytes)] : [],
    );
    expect(written.slice(0, 3)).toEqual(['1234', '56', '7']);
    expectJournalToBeTheFolder();
    expect(run("console.log(new DatabaseSync('db').prepare('PRAGMA quick_check').get().quick_check)")).toBe('ok');
  });
});

/** Each path below the folder with a hash of its bytes. SQLite's -shm is none of the layer's. */
function treeOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => !name.endsWith('-shm'));
  const entries = names.sort().map((name) => {
    const file = path.join(folder, name);
    return [
      name,
      statSync(file).isDirectory() ? 'folder' : createHash('sha256').update(readFileSync(file)).digest('hex'),
    ] as const;
  });
  return Object.fromEntries(entries);
}
