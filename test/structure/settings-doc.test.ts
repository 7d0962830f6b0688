// docs/settings.md is what the code reads: made from the settings of all parts. To write it anew: npm run test:unit -- -u test/structure
import path from 'node:path';
import { expect, test } from 'vitest';
import { appSettings } from '../../src/app/config.ts';
import { embeddedSettings } from '../../src/embedded/config.ts';
import { keeperSettings } from '../../src/keeper/config.ts';
import { reconcilerSettings } from '../../src/reconciler/config.ts';
import { durationExpected, type Setting } from '../../src/shared/config.ts';
import { databaseSettings } from '../../src/shared/postgres-settings.ts';
import { s3Settings } from '../../src/shared/s3/settings.ts';

type Settings = Readonly<Record<string, Setting<unknown>>>;

const sections: readonly (readonly [title: string, settings: Settings])[] = [
  ['S3', s3Settings],
  ['Postgres', databaseSettings],
  ['npm start', embeddedSettings],
  ['API', appSettings],
  ['Keeper', keeperSettings],
  ['Reconciler', reconcilerSettings],
];

const introduction = `# Settings

All settings are environment variables, read once at start; all faults are reported at once. An empty one counts as not set. Times are written
\`90s\`, \`15m\`, \`1h\`, \`7d\`, sizes \`64KiB\`, \`50MiB\`, \`10GiB\`.

This page is made from the code: \`npm run test:unit -- -u test/structure\`.
`;

test('docs/settings.md tells every setting', async () => {
  const told = new Set<string>();
  const text = sections.map(([title, settings]) => section(title, settings, told)).join('\n');
  const file = path.resolve(import.meta.dirname, '../../docs/settings.md');
  await expect(`${introduction}\n${text}`).toMatchFileSnapshot(file);
});

/** A table of those that no earlier section told. */
function section(title: string, settings: Settings, told: Set<string>): string {
  const rows = Object.values(settings)
    .filter(({ name }) => !told.has(name) && name !== 'KUBERNETES_SERVICE_HOST') // Kubernetes' own
    .map((setting) => {
      told.add(setting.name);
      const meaning = setting.meaning.replaceAll('|', '\\|');
      return `| \`${setting.name}\` | ${defaultOf(setting)} | ${meaning}${setting.isSecret ? '; never shown' : ''} |`;
    });
  return `## ${title}\n\n| name | default | meaning |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

function defaultOf({ fallback, expected, isRequired }: Setting<unknown>): string {
  if (isRequired) return 'required';
  if (fallback === undefined || fallback === '' || Number.isNaN(fallback)) return '–';
  if (typeof fallback !== 'number') return `\`${fallback}\``;
  if (expected === durationExpected)
    return `\`${inUnits(fallback, { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 })}\``;
  if (expected.startsWith('a size'))
    return `\`${inUnits(fallback, { GiB: 2 ** 30, MiB: 2 ** 20, KiB: 2 ** 10, B: 1 })}\``;
  return `\`${fallback}\``;
}

/** In the largest unit that gives a whole number. `units`: largest first. */
function inUnits(value: number, units: Readonly<Record<string, number>>): string {
  const [unit = '', size = 1] = Object.entries(units).find(([, one]) => value % one === 0) ?? [];
  return `${value / size}${unit}`;
}
