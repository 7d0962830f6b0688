// The reconciler as the API sees it: runs in the background, their steps as a stream, history, undo.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createIntegrityService, createPublisher, createReconciler } from '../../src/reconciler/index.ts';
import { fromYaml } from '../../src/reconciler/publish/manifest.ts';
import type { IntegrityService, RunProgress } from '../../src/shared/integrity-service.ts';
import type { IntegrityReport } from '../../src/shared/report.ts';
import { createWorld, type World } from '../support/reconciler-world.ts';

let world: World;
let service: IntegrityService;

beforeAll(async () => {
  world = await createWorld();
  service = createIntegrityService(world.deps);
});
afterAll(() => world.close());
beforeEach(() => world.clear());

async function runToEnd(request: Parameters<IntegrityService['start']>[0]): Promise<IntegrityReport> {
  const { runId } = await service.start(request);
  let last: RunProgress | undefined;
  for await (const step of service.progress(runId, AbortSignal.timeout(10_000))) last = step;
  if (last?.kind !== 'finished') throw new Error(`the run did not finish: ${JSON.stringify(last)}`);
  return last.report;
}

test('runs in the background, streams its steps and keeps its report', async () => {
  await world.addImage();
  const { runId } = await service.start({ mode: 'check' });
  expect(service.running()).toBe(runId);
  await expect(service.start({ mode: 'check' })).rejects.toMatchObject({ code: 'RunInProgress' });
  const kinds: string[] = [];
  for await (const step of service.progress(runId, AbortSignal.timeout(10_000))) kinds.push(step.kind);
  expect(kinds.at(-1)).toBe('finished');
  expect(kinds).toContain('progress');
  expect(service.running()).toBeNull();

  const report = await service.latest();
  expect(report).toMatchObject({ runId, status: 'Healthy' });
  expect(await service.report(runId)).toEqual(report);
  expect(await service.history({ limit: 10 })).toEqual([expect.objectContaining({ runId, status: 'Healthy' })]);
  const afterwards: RunProgress[] = [];
  for await (const step of service.progress(runId, AbortSignal.timeout(10_000))) afterwards.push(step);
  expect(afterwards).toEqual([{ kind: 'finished', runId, report }]);
});

test('has no report before the first run, and says which ids it does not know', async () => {
  expect(await service.latest()).toBeNull();
  await expect(service.report('nonsense')).rejects.toMatchObject({ code: 'NotFound' });
  await expect(service.undo('nonsense')).rejects.toMatchObject({ code: 'ActionNotFound' });
  const steps = service.progress('nonsense', AbortSignal.timeout(10_000));
  await expect(Array.fromAsync(steps)).rejects.toMatchObject({ code: 'NotFound' });
});

test('repairs only the keys that were asked for, lists what it did with its reason, and undoes it', async () => {
  const keys = [await world.addImage(), await world.addImage(), await world.addImage()];
  const [wanted = '', other = ''] = keys;
  await world.removeObject(wanted);
  await world.removeObject(other);
  const report = await runToEnd({ mode: 'repair', keys: [wanted] });
  expect(report).toMatchObject({ status: 'Degraded', actions: { planned: 1, done: 1 } });
  expect(await world.bodyOf(other)).toBeUndefined();

  const [action] = await service.actions({ limit: 10 });
  expect(action).toMatchObject({ key: wanted, action: 'restore', state: 'done', isUndoable: true });
  expect(action?.reason).toBe('the keeper holds its bytes');
  expect(await service.undo(action?.id ?? '')).toMatchObject({ state: 'undone' });
  expect(await world.bodyOf(wanted)).toBeUndefined();
  expect(await service.actions({ limit: 10 })).toMatchObject([{ state: 'undone', isUndoable: false }]);
  expect(await service.actions({ limit: 10, before: action?.startedAt ?? '' })).toEqual([]);
  await expect(service.actions({ limit: 10, before: 'soon' })).rejects.toMatchObject({ code: 'InvalidCursor' });
  await expect(service.history({ limit: 10, before: 'soon' })).rejects.toMatchObject({ code: 'InvalidCursor' });
});

test('a listener that leaves ends its stream and not the run', async () => {
  await world.addImage();
  const { runId } = await service.start({ mode: 'check' });
  const listener = new AbortController();
  listener.abort();
  await Array.fromAsync(service.progress(runId, listener.signal));
  const steps = await Array.fromAsync(service.progress(runId, AbortSignal.timeout(10_000)));
  expect(steps.at(-1)?.kind).toBe('finished');
});

test('writes all findings as NDJSON and the manifest as YAML, and remembers by it when the database is lost', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-reports-'));
  try {
    const config = {
      ...world.deps.config,
      findingsFolder: path.join(folder, 'reports'),
      manifestFile: path.join(folder, 'integrity-report.yaml'),
    };
    const publisher = await createPublisher(config);
    const reconciler = createReconciler({ ...world.deps, config, publisher });
    for (let i = 0; i < 5; i++) await world.addImage();
    await world.putObject('images/stray.png', 'stray');
    const report = await reconciler.run({ mode: 'check' });
    const lines = (await readFile(report.fullFindings ?? '', 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ key: 'images/stray.png', class: 'too-new' }]);
    expect(fromYaml(await readFile(config.manifestFile, 'utf8'))).toEqual(report);

    await world.pool.query('TRUNCATE images, integrity_runs, integrity_findings');
    const afterwards = await reconciler.run({ mode: 'check' });
    expect(afterwards.status).toBe('Suspicious');
    expect(afterwards.conditions.map(({ type }) => type)).toContain('DatabaseLooksEmpty');

    // Neither a second look nor one that could not be finished lets go of the brake.
    const lost = createReconciler({ ...world.deps, config, publisher, bucket: { ...world.bucket, name: 'not-there' } });
    expect((await lost.run({ mode: 'check' })).status).toBe('Incomplete');
    const again = await reconciler.run({ mode: 'check' });
    expect(again.conditions.map(({ type }) => type)).toContain('DatabaseLooksEmpty');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
