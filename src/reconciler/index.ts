// The reconciler's door: what src/composition/ and src/cli/ may use of it.
export { type ReconcilerConfig, type RemovalLimits, readReconcilerConfig, reconcilerSettings } from './config.ts';
export { createIntegrityService } from './integrity-service.ts';
export { type ReportManifest, toManifest, toYaml } from './publish/manifest.ts';
export { renderMetrics } from './publish/metrics.ts';
export { createPublisher } from './publish/publisher.ts';
export type { ReportPublisher } from './publish/report-publisher.ts';
export { createReconciler, type Reconciler } from './reconciler.ts';
export type { ReconcilerDeps, RunOptions } from './run.ts';
export { undoableOfLastRepair } from './state/journal.ts';
