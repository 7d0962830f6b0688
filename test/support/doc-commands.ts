// The commands that the guides tell people to paste: the fenced `sh` blocks of README.md, CONTRIBUTING.md and docs/*.md.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

export interface DocBlock {
  /** `docs/keeper.md › Operation`. */
  readonly name: string;
  readonly text: string;
  readonly commands: readonly string[];
}

/** All `sh` blocks, in the order of the files' names. */
export function docBlocks(): readonly DocBlock[] {
  const guides = readdirSync(path.join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`);
  return ['README.md', 'CONTRIBUTING.md', ...guides].flatMap((file) =>
    blocksOf(file, readFileSync(path.join(root, file), 'utf8')),
  );
}

function blocksOf(file: string, text: string): readonly DocBlock[] {
  const blocks: DocBlock[] = [];
  let heading = '';
  for (const [, title, body] of text.matchAll(/^#+ (.*)$|^```sh\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) heading = title;
    if (body !== undefined) blocks.push({ name: `${file} › ${heading}`, text: body, commands: commandsOf(body) });
  }
  return blocks;
}

/** Its simple commands, one each: without comments, variables before them, and what `$(…)` stands around. */
export function commandsOf(text: string): readonly string[] {
  return text
    .replaceAll(/\\\n\s*/g, ' ')
    .replaceAll(/(^|\s)#.*$/gm, '')
    .split(/\n|&&|\|\||;|\|(?![^'"\n]*['"]\s)|\$\(/)
    .map((command) => command.trim().replace(/^(?:[A-Za-z_]\w*=(?:"[^"]*"|'[^']*'|\S*)\s+)+/, ''))
    .map((command) => command.replace(/^[A-Za-z_]\w*=\S*$/, ''))
    .filter((command) => command !== '');
}

/** Why a block is not run by a test on any machine; undefined when it can be. */
export function whyNotRun({ commands }: DocBlock): string | undefined {
  for (const command of commands) {
    for (const [pattern, reason] of notRun) if (pattern.test(command)) return `${reason} (${command})`;
  }
  return undefined;
}

const notRun: readonly (readonly [RegExp, string])[] = [
  [/^(docker|kind|ctlptl|tilt|kubectl)\b/, 'needs Docker or a cluster; npm run test:cluster has it'],
  [/^(aws|rclone|zstd|jq|promtool|sudo|apt-get|systemctl)\b/, 'needs a program that not every machine has'],
  [/^npm (install|start|test)\b/, 'each test run does this'],
  [/^npm run (crash|bench:\w+|fidelity|persistence-test|test(:\w+)?|lint|typecheck|synth)\b/, '.ci/run has it'],
  [/^npm run dev:web\b|\bkeeper run\b|^keepsake (start|api)\b/, 'runs until it is stopped; other tests start it'],
  [/\bkeeper (backup|export|import|compact|inspect|verify|versions|restore)\b/, 'cli-keeper-store.test.ts has it'],
  [/^\.ci\/run\b/, 'runs this test itself'],
  [/test\/cluster\//, 'needs a cluster'],
  [/127\.0\.0\.1:15432/, 'needs a cluster, through its port forwards'],
];
