// The reconciler's words (shared/report.ts) as schemas, for the API's description. Types hold the two together.
import { z } from 'zod';
import type { RunSummary } from '../../shared/integrity-service.ts';
import {
  type ActionResult,
  actionKinds,
  type Condition,
  type Finding,
  findingClasses,
  type IntegrityReport,
} from '../../shared/report.ts';

const modeSchema = z.enum(['check', 'preview', 'repair']);
const statusSchema = z.enum(['Healthy', 'Degraded', 'Incomplete', 'Suspicious']);

export const actionResultSchema: z.ZodType<ActionResult> = z.object({
  id: z.string(),
  action: z.enum(actionKinds),
  key: z.string(),
  state: z.enum(['planned', 'done', 'failed', 'skipped', 'undone']),
  reason: z.string(),
});

const conditionSchema: z.ZodType<Condition> = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
});

const findingSchema = z.object({
  class: z.enum(findingClasses),
  key: z.string(),
  reason: z.string(),
  row: z
    .object({
      id: z.string(),
      title: z.string(),
      status: z.string(),
      sizeBytes: z.number().nullable(),
      sha256: z.string().nullable(),
      uploadedAt: z.string(),
    })
    .exactOptional(),
  object: z.object({ sizeBytes: z.number(), etag: z.string(), lastModified: z.string() }).exactOptional(),
  firstSeenAt: z.string().exactOptional(),
  remedy: z.object({ action: z.enum(actionKinds), reason: z.string() }).exactOptional(),
}) satisfies z.ZodType<Finding>;

const amount = z.object({ count: z.number(), bytes: z.number() });

export const reportSchema: z.ZodType<IntegrityReport> = z.object({
  apiVersion: z.literal('keepsake.dev/v1'),
  kind: z.literal('IntegrityReport'),
  runId: z.string(),
  mode: modeSchema,
  startedAt: z.string(),
  finishedAt: z.string(),
  durationMs: z.number(),
  status: statusSchema,
  summary: z.string(),
  counts: z.record(z.enum(findingClasses), amount),
  coverage: z.object({
    isComplete: z.boolean(),
    objectsRead: z.number(),
    rowsRead: z.number(),
    bucket: z.string(),
    prefix: z.string(),
  }),
  remembered: z
    .object({ rowsRead: z.number(), storeId: z.string().nullable(), databaseId: z.string() })
    .exactOptional(),
  conditions: z.array(conditionSchema),
  sample: z.array(findingSchema),
  isSampleCut: z.boolean(),
  fullFindings: z.string().nullable(),
  actions: z.object({
    planned: z.number(),
    done: z.number(),
    failed: z.number(),
    skipped: z.number(),
    sample: z.array(actionResultSchema),
  }),
});

const summarySchema: z.ZodType<RunSummary> = z.object({
  runId: z.string(),
  mode: modeSchema,
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  status: statusSchema.nullable(),
  summary: z.string().nullable(),
});

export const overviewSchema = z.object({
  latest: reportSchema.nullable(),
  history: z.array(summarySchema),
  running: z.string().nullable(),
});

export const actionPageSchema = z.object({
  results: z.array(z.intersection(actionResultSchema, z.object({ startedAt: z.string(), isUndoable: z.boolean() }))),
  next: z.string().nullable(),
});
