#!/usr/bin/env node
// `keepsake`, for every Node: one that is too old is told so in one line, any other runs the command line. In a clone
// that is the TypeScript itself, in the packed package what packaging/build.ts made of it.
import { existsSync } from 'node:fs';

// The sources use `await using`, which Node 22 does not parse; what is packed does without.
const needed = isClone() ? [24, 0] : [22, 18];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `✗ Keepsake needs Node ${needed.join('.')} or newer, and this is ${process.version}. ${remedy()}\n`,
  );
  process.exitCode = 2;
} else {
  // Node 22 and 24 call parts of it experimental that work: no news for who types a command.
  const { emitWarning } = process;
  process.emitWarning = (warning, ...rest) => {
    const type = typeof rest[0] === 'object' ? rest[0]?.type : rest[0];
    if (type !== 'ExperimentalWarning') emitWarning.call(process, warning, ...rest);
  };
  try {
    await import(isClone() ? '../src/cli/main.ts' : '../dist/package/src/cli/main.js');
  } catch (error) {
    // A package that is missing is named without ./ or file://; one of ours would be a bug, and is shown as one.
    const missing = error?.code === 'ERR_MODULE_NOT_FOUND' && /^Cannot find package '([^']+)'/.exec(error.message);
    if (!missing) throw error;
    process.stderr.write(`✗ The package ${missing[1]} is not installed. Run \`npm install\` first.\n`);
    process.exitCode = 2;
  }
}

function isClone() {
  return existsSync(new URL('../src/cli/main.ts', import.meta.url));
}

/** A clone brings its own Node, unless what installed it did not run the script of the package `node`. */
function remedy() {
  return isClone()
    ? 'The clone brings its own: run `npm install && npm start` (pnpm: `pnpm rebuild node`; or install a newer Node).'
    : 'Install a newer one: https://nodejs.org.';
}
