// What `npm pack` and `npm publish` run first (`prepack`): the sources as JavaScript in dist/package/, file by file, since
// Node strips no types under node_modules. Beside them stand the migrations, the built page and the charts' types.
// A clone is not built: there Node runs the TypeScript as it is.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createCommand } from 'commander';

const root = path.resolve(import.meta.dirname, '..');
const out = path.join(root, 'dist/package');

createCommand('npm run prepack --')
  .description('Builds dist/package, the JavaScript of the npm package.')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse();
rmSync(out, { recursive: true, force: true });
compile('packaging/tsconfig.json');
compile('packaging/tsconfig.types.json');
for (const file of globSync('**/*.js', { cwd: out })) pointToBuilt(path.join(out, file));
for (const file of globSync('src/**/*.sql', { cwd: root })) cpSync(path.join(root, file), path.join(out, file));
run('node_modules/vite/bin/vite.js', [
  'build',
  '--config',
  'src/web/vite.config.ts',
  '--outDir',
  path.join(out, 'dist/web'),
  '--logLevel',
  'error',
]);
writePackageJson();

function compile(project: string): void {
  run('node_modules/typescript/bin/tsc', ['--project', project]);
}

function run(script: string, args: readonly string[]): void {
  execFileSync(process.execPath, [path.join(root, script), ...args], { cwd: root, stdio: 'inherit' });
}

/**
 * The compiler rewrites imports only. Threads and processes are started by a path in a string: './thread.ts'. Where that
 * names a built file, it gets the built file's name.
 * @throws Error when a string names a TypeScript file that the package has not
 */
function pointToBuilt(file: string): void {
  const source = readFileSync(file, 'utf8');
  const built = source.replaceAll(/'(\.{1,2}\/[^'\n]*)\.ts'/g, (whole, stem: string) =>
    existsSync(path.resolve(path.dirname(file), `${stem}.js`)) ? `'${stem}.js'` : whole,
  );
  const left = /'[^'\n]*\.ts'/.exec(built.replaceAll("'src/web/vite.config.ts'", '')); // only used in a clone
  if (left)
    throw new Error(`${path.relative(root, file)} names ${left[0]}, which is not in the package; write './name.ts'`);
  if (built !== source) writeFileSync(file, built);
}

/** Of package.json the built files read the version, and Node the kind of modules. */
function writePackageJson(): void {
  const { name, version, type } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;
  writeFileSync(path.join(out, 'package.json'), `${JSON.stringify({ name, version, type }, null, 2)}\n`);
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly type: string;
}
