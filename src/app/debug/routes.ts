// /api/debug/: what this process sees of its world. Each view answers 200 with the fault described, so that it is of use
// in an outage; secrets are masked.
import { z } from 'zod';
import { paths } from '../../shared/names.ts';
import type { Route } from '../http/route.ts';
import { databaseSchema, lookAtDatabase } from './database.ts';
import type { DebugDeps } from './deps.ts';
import { lookAtS3, s3Schema } from './s3.ts';

const configSchema = z.object({
  settings: z.array(
    z.object({
      name: z.string(),
      value: z.string().nullable(),
      source: z.enum(['environment', 'default']),
      meaning: z.string(),
    }),
  ),
});

export function debugRoutes(deps: DebugDeps): Route[] {
  return [
    {
      method: 'get',
      path: `${paths.debug}s3/`,
      summary: 'S3 as this process sees it: endpoint, bucket, a first page, the keeper',
      answers: { 200: { description: 'What was found, faults included', schema: s3Schema } },
      handle: async (_request, response) => void response.json(await lookAtS3(deps)),
    },
    {
      method: 'get',
      path: `${paths.debug}database/`,
      summary: 'Postgres as this process sees it: version, migrations, counts',
      answers: { 200: { description: 'What was found, faults included', schema: databaseSchema } },
      handle: async (_request, response) => void response.json(await lookAtDatabase(deps)),
    },
    {
      method: 'get',
      path: `${paths.debug}config/`,
      summary: 'The settings and where each came from; secrets masked',
      answers: { 200: { description: 'The settings', schema: configSchema } },
      handle: (_request, response) => void response.json({ settings: deps.config.shown }),
    },
  ];
}
