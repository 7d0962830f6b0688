import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { aws, type Environment, local, override, tilt } from './environments.ts';
import { synthesize } from './synth.ts';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'keepsake-synth-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const committed = path.resolve(import.meta.dirname, '../k8s');

function readFolder(folder: string): Record<string, string> {
  const names = readdirSync(folder).toSorted();
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

function synthesized(environment: Environment): Record<string, string> {
  synthesize(environment, scratch);
  return readFolder(path.join(scratch, environment.name));
}

/** Lines that differ, per file. Both sides have the same number of lines when a value changed. */
function changedLines(before: Record<string, string>, after: Record<string, string>): Record<string, string[]> {
  expect(Object.keys(after)).toEqual(Object.keys(before));
  return Object.fromEntries(
    Object.entries(after).flatMap(([name, text]) => {
      const old = (before[name] ?? '').split('\n');
      const lines = text.split('\n').filter((line, index) => line !== old[index]);
      return lines.length > 0 ? [[name, lines.map((line) => line.trim())]] : [];
    }),
  );
}

describe.each([local, tilt, aws])('$name', (environment) => {
  test('the committed manifests are what synth writes (else: npm run synth)', () => {
    expect(synthesized(environment)).toEqual(readFolder(path.join(committed, environment.name)));
  });

  // A pod whose ConfigMap comes after it leaves a Warning: "configmap not found".
  test('namespace and settings come first in the order in which kubectl applies files', () => {
    expect(Object.keys(synthesized(environment)).slice(0, 2)).toEqual([
      '00-namespace.k8s.yaml',
      '01-settings.k8s.yaml',
    ]);
  });
});

describe('a changed setting', () => {
  test('of the host is one line', () => {
    const lines = changedLines(synthesized(local), synthesized(override(local, { host: 'pictures.localhost' })));
    expect(lines).toEqual({ 'ingress.k8s.yaml': ['- host: pictures.localhost'] });
  });

  test('of the schedule is one line', () => {
    const own = override(local, { integrity: { schedule: '*/10 * * * *' } });
    expect(changedLines(synthesized(local), synthesized(own))).toEqual({
      'reconciler.k8s.yaml': ['schedule: "*/10 * * * *"'],
    });
  });

  test('of the bucket rolls exactly the pods that use it, and is a new Job', () => {
    const lines = changedLines(synthesized(local), synthesized(override(local, { bucket: 'pictures' })));
    expect(Object.keys(lines)).toEqual([
      '01-settings.k8s.yaml',
      'api.k8s.yaml',
      'bucket.k8s.yaml',
      'reconciler.k8s.yaml',
    ]);
    expect(lines['01-settings.k8s.yaml']).toEqual(['AWS_STORAGE_BUCKET_NAME: pictures']);
    expect(lines['api.k8s.yaml']).toEqual([expect.stringMatching(/^checksum\/settings: /)]);
    expect(lines['bucket.k8s.yaml']).toContainEqual(expect.stringMatching(/^name: keepsake-bucket-[0-9a-f]{12}$/));
  });

  test('of a schedule that is none is refused with what was expected', () => {
    const own = override(local, { integrity: { schedule: 'hourly' } });
    expect(() => synthesize(own, scratch)).toThrow('expected cron\'s five fields, such as "*/5 * * * *", got "hourly"');
  });
});

test('a component that is gone leaves no file behind', () => {
  synthesize(local, scratch);
  const outside = override(local, { database: { kind: 'external', secretName: 'my-database' } });
  expect(Object.keys(synthesized(outside))).not.toContain('postgres.k8s.yaml');
});
