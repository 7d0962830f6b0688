// The tools that a person uses on a store's folder, beside a running keeper or without one.
export { type BackupReport, backUpStore } from './backup.ts';
export { type CompactReport, compactStore } from './compact.ts';
export { type ExportReport, exportStore } from './export.ts';
export { type ImportReport, importStore, verifyExport } from './import.ts';
export { type BucketOverview, inspectStore, type NamedObject, type StoreOverview } from './inspect.ts';
export { type Verdict, verifyStore } from './verify.ts';
export type { Finding } from './verify-rows.ts';
