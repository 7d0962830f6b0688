// The OpenAPI document, made from the routes themselves and the schemas they read with.
import { z } from 'zod';
import { errorCatalogue } from '../../shared/errors.ts';
import type { Route } from '../http/route.ts';

const errorSchema = z.object({
  error: z.object({
    code: z.enum(Object.keys(errorCatalogue)).meta({ description: 'Stable; what to branch on' }),
    message: z.string(),
    what: z.string(),
    expected: z.string().optional(),
    got: z.string().optional(),
    remedy: z.string().optional(),
  }),
});

/** OpenAPI 3.1 of `routes`, as JSON. */
export function openApiDocument(routes: readonly Route[]): Record<string, unknown> {
  const byPath = Map.groupBy(routes, (route) => route.path);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Keepsake',
      version: '0.1.0',
      description: 'Images in S3, their records in Postgres, and the proof that both agree.',
    },
    paths: Object.fromEntries(
      [...byPath].map(([path, ofPath]) => [
        path,
        Object.fromEntries(ofPath.map((route) => [route.method, operation(route)])),
      ]),
    ),
    components: { schemas: { Error: jsonSchema(errorSchema, 'output') } },
  };
}

function operation(route: Route): Record<string, unknown> {
  const parameters = [...pathParameters(route.path), ...queryParameters(route.query)];
  return {
    summary: route.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: {
        required: true,
        content: { [route.body.contentType]: { schema: jsonSchema(route.body.schema, 'input') } },
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, { description, schema, contentType }]) => [
          status,
          {
            description,
            ...((schema ?? contentType) && {
              content: { [contentType ?? 'application/json']: schema ? { schema: jsonSchema(schema, 'output') } : {} },
            }),
          },
        ]),
      ),
      default: {
        description: 'An error: its code, what happened and what to do',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'id' ? { type: 'string', format: 'uuid' } : { type: 'string' },
  }));
}

function queryParameters(query: z.ZodType | undefined): object[] {
  if (!query) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
