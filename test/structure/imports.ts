// The rules that ARCHITECTURE.md states about files, as a pure function: a tree of sources in, a line a fault out.
import path from 'node:path';

/** The text of each source file, by its path from the root. */
export type Tree = Readonly<Record<string, string>>;

/** How often each file still breaks a rule about its text. Another count is a fault, a smaller one too. */
export interface KnownFaults {
  readonly errors: Readonly<Record<string, number>>;
  readonly settings: Readonly<Record<string, number>>;
}

/** Which part may import which; each may import itself. */
export const parts: Readonly<Record<string, readonly string[]>> = {
  'src/shared': [],
  'src/keeper': ['src/shared'],
  'src/app': ['src/shared'],
  'src/reconciler': ['src/shared'],
  'src/web': ['src/shared'],
  'src/composition': ['src/shared', 'src/app', 'src/reconciler'],
  'src/embedded': ['src/shared', 'src/keeper', 'src/composition'],
  'src/cli': ['src/shared', 'src/keeper', 'src/app', 'src/reconciler', 'src/composition', 'src/embedded'],
  charts: ['src/shared'],
};

/** Rooms of a part, the lowest step first: a file imports its own room and lower steps. `.` is what lies in none. */
const steps: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'src/keeper': [
    ['s3'],
    ['store', 'upstream'],
    ['store/tools', 'put-back'],
    ['turn'],
    ['fill', 'replay'],
    ['proxy'],
    ['api'],
    ['.'],
  ],
  'src/reconciler': [
    ['config.ts', 'in-flight.ts', 'run-error.ts'],
    ['observe', 'state'],
    ['compare'],
    ['plan'],
    ['act', 'publish'],
    ['.'],
  ],
};

/** Doors beside each part's `index.ts`, and who may use them. All of shared is open. */
const otherDoors: Readonly<Record<string, readonly string[]>> = {
  'src/keeper/store/tools/index.ts': ['src/cli'],
  'src/keeper/s3/aws-chunked.ts': ['src/embedded'],
  'src/keeper/s3/target.ts': ['src/embedded'],
  'src/keeper/s3/xml.ts': ['src/embedded'],
};

const readsEnvironment = /^src\/shared\/config\.ts$|^src\/[^/]+\/(?:config|main)\.ts$|^charts\/main\.ts$/;
const ownErrors = [/\bnew Error\(/g, /\bclass\s+\w+\s+extends\s+\w*Error\b/g];
const rawSettings = [
  /\bprocess\.env\b/g,
  /(?<!\bprocess\.)\benv\??\.[A-Z][A-Z0-9_]*\b/g,
  /(?<!\bprocess\.)\benv(?:\?\.)?\[/g,
  /\{[^{}]*\benv\b[^{}]*\}\s*=\s*process\b/g,
  /\{[^{}]*\}\s*=\s*(?:(?!process\b)\w+\.)*env\b/g,
];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isTypeOnly: boolean;
}

/** All faults of `tree`, each with the files it is about. */
export function structureFaults(tree: Tree, known: KnownFaults = { errors: {}, settings: {} }): readonly string[] {
  const imports = Object.entries(tree).flatMap(([file, text]) => importsOf(file, text));
  const sources = Object.entries(tree).filter(([file]) => !isTest(file));
  const texts = new Map(sources.map(([file, text]) => [file, withoutComments(text)]));
  const countAll = (forms: readonly RegExp[], isFree: (file: string) => boolean) =>
    new Map([...texts].filter(([file]) => !isFree(file)).map(([file, text]) => [file, count(text, forms)]));
  return [
    ...imports.flatMap((one) => faultOf(one) ?? []),
    ...Object.keys(tree).flatMap((file) => (isPlaced(file) ? [] : `${file}: its room has no place in the table`)),
    ...circlesOf(imports),
    ...differences(
      'an error outside the catalogue',
      countAll(ownErrors, (file) => file === 'src/shared/errors.ts'),
      known.errors,
    ),
    ...differences(
      'a setting read past its reader',
      countAll(rawSettings, (file) => readsEnvironment.test(file)),
      known.settings,
    ),
  ];
}

function importsOf(file: string, text: string): readonly Import[] {
  const statements = text.matchAll(
    /^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s+['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]\s*\)|^\s*import\s+['"](\.[^'"]+)['"]/gm,
  );
  return [...statements].map((match) => ({
    from: file,
    to: path.posix.join(path.posix.dirname(file), match[2] ?? match[3] ?? match[4] ?? ''),
    isTypeOnly: match[1] !== undefined,
  }));
}

function faultOf({ from, to, isTypeOnly }: Import): string | undefined {
  const arrow = `${from} → ${to}`;
  const [source = '', target] = [partOf(from), partOf(to)];
  if (to === 'package.json') return from === 'src/shared/version.ts' ? undefined : `${arrow}: only for version.ts`;
  if (target === undefined) return isTest(from) && to.startsWith('test/') ? undefined : `${arrow}: no part of ours`;
  if (source === target) return isDownhill(source, from, to) ? undefined : `${arrow}: uphill`;
  if (!parts[source]?.includes(target)) return `${arrow}: not in the table of parts`;
  if (source === 'src/web' && !isTypeOnly && !isTest(from)) return `${arrow}: web takes only types`;
  const isDoor = target === 'src/shared' || to === `${target}/index.ts` || otherDoors[to]?.includes(source);
  return isDoor ? undefined : `${arrow}: past the door`;
}

const partOf = (file: string): string | undefined => Object.keys(parts).find((part) => file.startsWith(`${part}/`));
const isTest = (file: string): boolean => file.endsWith('.test.ts');

function isDownhill(part: string, from: string, to: string): boolean {
  if (!(part in steps)) return true;
  const [source, target] = [placeOf(part, from), placeOf(part, to)];
  return source.room === target.room || target.step < source.step;
}

/** The room of a file and its step; a room named twice (`store` and `store/tools`) is the longer one. */
function placeOf(part: string, file: string): { readonly room: string; readonly step: number } {
  const inside = file.slice(part.length + 1);
  const rooms = (steps[part] ?? []).flatMap((names, step) => names.map((room) => ({ room, step })));
  const [place] = rooms
    .filter(({ room }) => inside === room || inside.startsWith(`${room}/`) || (room === '.' && !inside.includes('/')))
    .sort((a, b) => b.room.length - a.room.length);
  return place ?? { room: inside, step: Number.NaN };
}

function isPlaced(file: string): boolean {
  const part = partOf(file);
  if (part === undefined) return false;
  return !(part in steps) || !Number.isNaN(placeOf(part, file).step);
}

/** The shortest way back to each file that has one, each circle told once. Types count: they are read together, too. */
function circlesOf(imports: readonly Import[]): readonly string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const told = new Set<string>();
  return [...next.keys()].sort().flatMap((start) => {
    if (told.has(start)) return [];
    const circle = shortestWayBack(start, next);
    for (const file of circle) told.add(file);
    return circle.length === 0 ? [] : `circle: ${circle.join(' → ')}`;
  });
}

function shortestWayBack(start: string, next: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const cameFrom = new Map<string, string>();
  const waiting = [start];
  for (const file of waiting) {
    for (const target of next.get(file) ?? []) {
      if (target === start) return [...wayTo(file, cameFrom), start];
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, file);
      waiting.push(target);
    }
  }
  return [];
}

function wayTo(file: string, cameFrom: ReadonlyMap<string, string>): readonly string[] {
  const before = cameFrom.get(file);
  return before === undefined ? [file] : [...wayTo(before, cameFrom), file];
}

const withoutComments = (text: string): string =>
  text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '').replaceAll(/\s\/\/\s.*$/gm, '');

const count = (text: string, forms: readonly RegExp[]): number =>
  forms.reduce((sum, form) => sum + [...text.matchAll(form)].length, 0);

function differences(
  what: string,
  counted: ReadonlyMap<string, number>,
  known: Readonly<Record<string, number>>,
): readonly string[] {
  return [...new Set([...counted.keys(), ...Object.keys(known)])].flatMap((file) => {
    const [found, listed] = [counted.get(file) ?? 0, known[file] ?? 0];
    return found === listed ? [] : `${file}: ${what}, ${found} found and ${listed} listed`;
  });
}
