// The metrics of a running keeper, and that docs/alerts/keeper.rules.yaml asks for nothing else.
import path from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Yaml } from 'cdk8s';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fauxqs } from '../support/emulator.ts';
import { createKeeperWorld, type KeeperWorld } from '../support/keeper.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const Bucket = 'keeper-metrics';
let world: KeeperWorld;
let text: string;

beforeAll(async () => {
  world = await createKeeperWorld(fauxqs);
  await world.client.send(new CreateBucketCommand({ Bucket }));
  await world.client.send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'twelve bytes' }));
  await fetch(`${world.keeper.url}/${Bucket}?versioning`, { method: 'PUT' });
  text = await (await fetch(`${world.keeper.url}/_keeper/metrics`)).text();
}, 60_000);
afterAll(() => world?.stop());

/** The value of the sample whose name and labels are `sample`. */
function sampleOf(sample: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${sample} `));
  return Number(line?.slice(sample.length + 1));
}

test('tells what is kept, what waits, how the disk is, and what was refused', () => {
  expect(sampleOf('keepsake_keeper_ready')).toBe(1);
  expect(sampleOf('keepsake_keeper_whole')).toBe(1);
  expect(sampleOf('keepsake_keeper_upstream_up')).toBe(1);
  expect(sampleOf('keepsake_keeper_objects')).toBe(1);
  expect(sampleOf('keepsake_keeper_object_bytes')).toBe(12);
  expect(sampleOf('keepsake_keeper_commit_duration_seconds_count')).toBeGreaterThanOrEqual(2);
  expect(sampleOf('keepsake_keeper_commits_waiting')).toBe(0);
  expect(sampleOf('keepsake_keeper_unsettled_changes')).toBe(0);
  expect(sampleOf('keepsake_keeper_store_errors_total{code="DiskFull"}')).toBe(0);
  expect(sampleOf('keepsake_keeper_errors_total{code="NotImplemented"}')).toBe(1);
  expect(sampleOf('keepsake_keeper_disk_size_bytes')).toBeGreaterThan(sampleOf('keepsake_keeper_disk_free_bytes'));
  expect(sampleOf('keepsake_keeper_disk_min_free_bytes')).toBe(128 * 1024 ** 2);
  expect(text).toMatch(/^keepsake_keeper_build_info\{version="[^"]+",node="v\d+/m);
});

test('names follow the conventions: a counter and nothing else ends in _total, each has a help', () => {
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
  expect(types.length).toBeGreaterThan(20);
  for (const { name, type } of types) {
    expect(name).toMatch(/^keepsake_keeper_[a-z_]+$/);
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'));
  }
});

test('the alerts ask only for metrics that are there, and each says what to do', () => {
  const file = path.resolve(import.meta.dirname, '../../docs/alerts/keeper.rules.yaml');
  const [{ groups }] = Yaml.load(file) as [{ groups: readonly { readonly rules: readonly Rule[] }[] }];
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(8);
  const known = new Set([...text.matchAll(/^(keepsake_keeper_[a-z_]+)/gm)].map(([, name]) => name));
  for (const { alert, expr, labels, annotations } of rules) {
    const asked = [...expr.matchAll(/keepsake_keeper_[a-z_]+/g)].map(([name]) => name);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
    expect(asked).not.toEqual([]);
    expect(['warning', 'critical']).toContain(labels.severity);
    expect([alert, annotations.summary.length > 10, annotations.description.length > 20]).toEqual([alert, true, true]);
  }
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
});
