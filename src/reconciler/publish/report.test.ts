import { expect, test } from 'vitest';
import { aReport } from '../../../test/support/a-report.ts';
import { anEvidence, anObject, aRow } from '../../../test/support/reconciler-examples.ts';
import type { Condition } from '../../shared/report.ts';
import { eventsOf } from './events.ts';
import { fromYaml, parseReport, toHistory, toManifest, toYaml } from './manifest.ts';
import { renderMetrics } from './metrics.ts';
import { assertFits, completeness, reportLimitBytes, statusOf, summarise, Tally, toFinding } from './report.ts';

/** A key of 1,024 bytes, each of which JSON writes as six; and texts that YAML would take apart. */
const hostileKey = `images/${'\u0001'.repeat(1017)}`;
const hostileTitle = '\u0085\u2028: - # "\\\n--- !!js/function\ud800'.repeat(100);

/** As long, of characters that JSON leaves as they are and YAML doesn't take. */
const otherHostileKey = `images/${'\u007f'.repeat(1017)}`;

function hostileReport(key = hostileKey) {
  const tally = new Tally();
  const known = {
    key,
    object: anObject({ key, etag: '"'.repeat(200) }),
    row: aRow({ key, title: hostileTitle }),
    bytes: null,
    deletionAt: null,
  };
  for (let i = 0; i < 200; i++) {
    tally.count('orphan', 5);
    const remedy = { action: 'quarantine', reason: 'no row refers to it' } as const;
    tally.findings.add(toFinding(anEvidence({ known }), remedy));
    tally.addResult({ id: 'x', action: 'restore', key, state: 'failed', reason: hostileTitle });
  }
  const conditions: Condition[] = [completeness(null)];
  return aReport({
    status: 'Degraded',
    summary: summarise('Degraded', tally, { remediable: 0, failure: null }),
    counts: tally.counts,
    conditions,
    sample: tally.findings.items,
    isSampleCut: tally.findings.isCut,
    actions: { ...tally.actions, sample: tally.results.items },
  });
}

test.each([hostileKey, otherHostileKey])(
  'a report of hostile keys fits, says that its sample is cut, and counts all',
  (key) => {
    const report = assertFits(hostileReport(key));
    const { data } = toManifest(report, 'keepsake');
    const bytes = Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    expect(bytes).toBeLessThan(256 * 1024);
    expect(Buffer.byteLength(data['report.json'])).toBeLessThan(reportLimitBytes);
    expect(report.sample.length).toBeGreaterThan(0);
    expect(report).toMatchObject({ isSampleCut: true, counts: { orphan: { count: 200, bytes: 1000 } } });
  },
);

test('the manifest as YAML gives the same report back, and holds no line that could end a document', () => {
  const report = hostileReport();
  const yaml = toYaml(toManifest(report, 'keepsake'));
  expect(fromYaml(yaml)).toEqual(JSON.parse(JSON.stringify(report)));
  expect(yaml).not.toMatch(/[\u0085\u2028]|^(---|\.\.\.)/m);
});

test('somebody else’s text is no report', () => {
  expect([
    parseReport(''),
    parseReport('{}'),
    parseReport('{"kind":"Pod","apiVersion":"v1"}'),
    fromYaml('a: 1'),
  ]).toEqual([null, null, null, null]);
});

test('an earlier report is named by its time', () => {
  const { metadata } = toHistory(toManifest(aReport(), 'keepsake'));
  expect(metadata.name).toBe('integrity-report-2026-11-24t01-00-01z');
});

test.each([
  [{ isComplete: true, isBraked: false, driftLeft: 0 }, 'Healthy'],
  [{ isComplete: true, isBraked: false, driftLeft: 1 }, 'Degraded'],
  [{ isComplete: true, isBraked: true, driftLeft: 1 }, 'Suspicious'],
  [{ isComplete: true, isBraked: true, driftLeft: 0 }, 'Suspicious'],
  [{ isComplete: false, isBraked: true, driftLeft: 0 }, 'Incomplete'],
])('%j is %s', (facts, status) => {
  expect(statusOf(facts)).toBe(status);
});

test.each([
  [null, 'Healthy', []],
  [null, 'Degraded', ['DriftFound']],
  ['Healthy', 'Healthy', []],
  ['Healthy', 'Incomplete', ['RunIncomplete']],
  ['Degraded', 'Suspicious', ['LooksLost']],
  ['Suspicious', 'Healthy', ['Recovered']],
] as const)('from %s to %s tells %j', (before, status, reasons) => {
  expect(eventsOf(before, aReport({ status })).map(({ reason }) => reason)).toEqual(reasons);
});

test('metrics name every class and the status that holds', () => {
  const text = renderMetrics(hostileReport());
  expect(text).toContain('keepsake_integrity_status{status="Degraded"} 1\n');
  expect(text).toContain('keepsake_integrity_status{status="Healthy"} 0\n');
  expect(text).toContain('keepsake_integrity_keys{class="orphan"} 200\n');
  expect(text.endsWith('\n')).toBe(true);
});
