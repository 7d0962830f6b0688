// The whole system on a real node, from `kubectl apply` on: up, used, everything killed, checked, broken and repaired.
// The tests are one story and run in their order.
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cluster } from '../../src/shared/names.ts';
import { chromiumPath, describeWith } from '../support/requirements.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Acknowledged, site, upload } from './door.ts';
import { startFresh } from './fresh.ts';
import { buildAndLoadImages } from './images.ts';
import { currentReport, earlierStatuses, eventReasons, runJob } from './jobs.ts';
import { execIn, getJson, kubectl, namespace, ownContext, removeSystem } from './kubectl.ts';
import { faultOf, imageOf, startLoad } from './load.ts';
import { isSystemReady, killContainer, type Pod, restarts } from './pods.ts';
import { removeObjects } from './remove-objects.ts';

const settle = { timeoutMs: 180_000, everyMs: 500 };
const images: Acknowledged[] = [];

describeWith(['kubernetes'], 'the system on a cluster', () => {
  beforeAll(async () => {
    const context = await ownContext();
    await removeSystem();
    await buildAndLoadImages(context);
  }, 1_800_000);

  afterAll(removeSystem, 300_000);

  test('all of k8s/local applied at once is up in two minutes, without a failed Job or a Warning', startFresh);

  test('50 images go in through the ingress, and all are served', async () => {
    for (let index = 0; index < 50; index++) {
      const image = await upload(imageOf(index), `first-${index}.png`);
      if (image) images.push(image);
    }
    expect(images).toHaveLength(50);
    expect(await faults(images)).toEqual([]);
  });

  test('the API waits for a database and an S3 that are late, and needs no restart', async () => {
    for (const name of ['postgres', 'localstack']) await scale(name, 0);
    await kubectl('-n', namespace, 'delete', 'pod', '-l', 'app.kubernetes.io/name=api', '--wait');
    await waitFor('the API to run without them', async () => (await apiPod()).status.phase === 'Running', settle);
    for (const name of ['localstack', 'postgres']) await scale(name, 1);
    await waitFor('all pods', isSystemReady, settle);
    expect((await restarts()).api).toBeUndefined();
    expect(await faults(images)).toEqual([]);
  });

  test('LocalStack killed is restarted alone, and the keeper fills it again', async () => {
    const before = await getJson<Pod>('pod', 'localstack-0');
    await killContainer('localstack-0', 'localstack');
    await waitFor('LocalStack to start again', async () => (await restarts()).localstack === 1, settle);
    await waitFor('all pods', isSystemReady, settle);
    expect((await getJson<Pod>('pod', 'localstack-0')).metadata.uid).toBe(before.metadata.uid);
    expect(await restarts()).toEqual({ localstack: 1 });
    expect(await faults(images)).toEqual([]);
  });

  test('nothing acknowledged is lost or missing for a moment while LocalStack, the API and Postgres are killed', async () => {
    const load = startLoad();
    const deaths: readonly (() => Promise<unknown>)[] = [
      () => killContainer('localstack-0', 'keeper'),
      () => killContainer('localstack-0', 'localstack'),
      () => deletePod('localstack-0', '--force', '--grace-period=0'),
      async () => deletePod((await apiPod()).metadata.name),
      () => deletePod('postgres-0'),
    ];
    for (const die of deaths) {
      await untilMore(load.acknowledged, 10);
      await die();
    }
    await untilMore(load.acknowledged, 10);
    const reads = await load.stop();
    await waitFor('all pods', isSystemReady, settle);
    expect(reads).toBeGreaterThan(load.acknowledged.length);
    expect(load.broken).toEqual([]);
    expect(await faults(load.acknowledged)).toEqual([]);
    images.push(...load.acknowledged);
  });

  test('the page shows the images', async () => {
    const executablePath = chromiumPath();
    if (executablePath === undefined) throw new Error('no Chromium: install it, or set CHROMIUM_PATH');
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    try {
      const page = await browser.newPage();
      const violations: string[] = [];
      page.on(
        'console',
        (message) => /Content Security Policy/.test(message.text()) && violations.push(message.text()),
      );
      await page.goto(site);
      await page.waitForFunction(() => {
        const all = (root: Document | ShadowRoot): HTMLImageElement[] =>
          [...root.querySelectorAll('*')].flatMap((element) => [
            ...(element instanceof HTMLImageElement ? [element] : []),
            ...(element.shadowRoot ? all(element.shadowRoot) : []),
          ]);
        return all(document).filter(({ complete, naturalWidth }) => complete && naturalWidth > 0).length >= 5;
      });
      expect(violations).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  test('a run of the reconciler writes integrity-report: Healthy', async () => {
    expect(await runJob(cluster.reconcilerCronJob, 'check-1')).toBe('Complete');
    expect(await currentReport()).toMatchObject({
      status: 'Healthy',
      report: { counts: { ok: { count: images.length } } },
    });
  });

  test('20 objects removed from S3: Degraded, with exactly those; the repair Job brings them back', async () => {
    const gone = images.slice(0, 20).map(({ key }) => key);
    await removeObjects(gone);
    expect(await runJob(cluster.reconcilerCronJob, 'check-2')).toBe('Failed');
    const { status, report } = await currentReport();
    expect(status).toBe('Degraded');
    expect(
      report.sample
        .filter((finding) => finding.class === 'missing')
        .map(({ key }) => key)
        .toSorted(),
    ).toEqual(gone.toSorted());

    expect(await runJob(cluster.repairCronJob, 'fix-1')).toBe('Complete');
    expect(await faults(images)).toEqual([]);
    expect(await runJob(cluster.reconcilerCronJob, 'check-3')).toBe('Complete');
    expect((await currentReport()).status).toBe('Healthy');
  });

  test('earlier reports are kept, and Events tell what was found and done', async () => {
    expect(await earlierStatuses()).toContain('Degraded');
    expect(await eventReasons()).toEqual(expect.arrayContaining(['DriftFound', 'Repaired', 'Recovered']));
  });

  test('LocalStack runs on one processor, with all its threads', async () => {
    const look = 'cat /proc/[1-9]*/task/*/status; true'; // one may end meanwhile
    const states = await execIn('localstack-0', 'localstack', 'sh', '-c', look);
    const allowed = [...states.matchAll(/^Name:\s+(\S+)[\s\S]*?^Cpus_allowed_list:\s+(\S+)$/gm)];
    const others = /^(sh|cat|curl|runc.*)$/; // this look, and the probe
    const ofLocalStack = allowed.filter(([, name = '']) => !others.test(name)).map(([, , list]) => list);
    expect(ofLocalStack.length).toBeGreaterThan(1);
    expect(new Set(ofLocalStack).size).toBe(1);
    expect(ofLocalStack[0]).toMatch(/^\d+$/);
  });

  test("nobody but the keeper reaches LocalStack's own port", async () => {
    const { status } = await getJson<Pod>('pod', 'localstack-0');
    const connect = (port: number) =>
      execIn('deploy/api', 'api', 'node', '-e', tryToConnect, status.podIP ?? '', String(port));
    expect(await connect(4566)).toBe('connected');
    expect(await connect(4567)).toBe('ECONNREFUSED');
  });
});

/** For `node -e`, with an address and a port: writes `connected`, or the error's code. */
const tryToConnect = `
  const tell = (outcome) => process.stdout.write(outcome, () => process.exit());
  const [, address, port] = process.argv;
  require('node:net').connect(port, address).on('connect', () => tell('connected')).on('error', ({ code }) => tell(code));`;

async function faults(of: readonly Acknowledged[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const image of of) {
    const fault = await faultOf(image);
    if (fault !== undefined) found.push(fault);
  }
  return found;
}

async function untilMore(acknowledged: readonly Acknowledged[], count: number): Promise<void> {
  const enough = acknowledged.length + count;
  await waitFor(`${count} more uploads`, () => acknowledged.length >= enough, settle);
}

async function apiPod(): Promise<Pod> {
  const { items } = await getJson<{ items: Pod[] }>('pods', '-l', 'app.kubernetes.io/name=api');
  const [pod] = items;
  if (!pod) throw new Error('no pod of the API');
  return pod;
}

async function deletePod(name: string, ...options: readonly string[]): Promise<void> {
  await kubectl('-n', namespace, 'delete', 'pod', name, ...options);
}

async function scale(statefulSet: string, replicas: number): Promise<void> {
  await kubectl('-n', namespace, 'scale', 'statefulset', statefulSet, `--replicas=${replicas}`);
  if (replicas === 0) await kubectl('-n', namespace, 'wait', '--for=delete', `pod/${statefulSet}-0`, '--timeout=100s');
}
