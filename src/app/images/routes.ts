// /api/images/: upload, list, look at, rename and delete images.
import type { Request, Response } from 'express';
import { z } from 'zod';
import { asKeepsakeError, KeepsakeError } from '../../shared/errors.ts';
import { paths } from '../../shared/names.ts';
import { parseId, parseInput } from '../http/input.ts';
import type { Route } from '../http/route.ts';
import type { Metrics } from '../operations/metrics.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { readImageForm } from './form.ts';
import { imageSchema, titleSchema, toImageJson } from './image-json.ts';
import { cleanLabel } from './label.ts';
import { tooLarge } from './parts.ts';
import { deleteStored, findStored, listStored, retitle } from './rows.ts';
import { Upload, type UploadDeps } from './upload.ts';
import type { UploadsUnderWay } from './uploads-under-way.ts';

export interface ImageRoutesDeps extends UploadDeps {
  readonly uploadIdleMs: number;
  readonly underWay: UploadsUnderWay;
  readonly metrics: Metrics;
  /** Called after a row was deleted, so that its object goes at once. */
  readonly onDeleted: () => void;
}

/** The bytes that a form may have beside its file. */
const formOverheadBytes = 64 * 1024;

const titleInput = titleSchema.transform((title) => cleanLabel(title, 200));
const listQuery = z.object({
  cursor: z.string().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
const renameBody = z.strictObject({ title: titleInput });
const pageSchema = z.object({ results: z.array(imageSchema), next: z.string().nullable() });
const formSchema = z.object({
  image: z.string().meta({ format: 'binary', description: 'PNG, JPEG, GIF, WebP, AVIF or SVG, by content' }),
  title: titleSchema.optional(),
});

export function imageRoutes(deps: ImageRoutesDeps): Route[] {
  const { pool } = deps;
  const path = `${paths.images}{id}/`;
  const imageAnswer = { 200: { description: 'The image', schema: imageSchema } } as const;
  return [
    {
      method: 'post',
      path: paths.images,
      summary: 'Upload an image; when this answers 201 it is stored and can be read',
      body: { contentType: 'multipart/form-data', schema: formSchema },
      answers: { 201: { description: 'Stored; Location names it', schema: imageSchema } },
      handle: (request, response) => upload(deps, request, response),
    },
    {
      method: 'get',
      path: paths.images,
      summary: 'Images, newest first, a page at a time',
      query: listQuery,
      answers: { 200: { description: 'A page; `next` is the path of the one after it', schema: pageSchema } },
      async handle(request, response) {
        const { cursor, limit } = parseInput(listQuery, request.query);
        const { images, last } = await listStored(pool, { limit, after: cursor ? decodeCursor(cursor) : undefined });
        const next =
          last && `${paths.images}?${new URLSearchParams({ cursor: encodeCursor(last), limit: String(limit) })}`;
        response.json({ results: images.map(toImageJson), next: next ?? null });
      },
    },
    {
      method: 'get',
      path,
      summary: 'One image',
      answers: imageAnswer,
      async handle(request, response) {
        const id = parseId(request.params.id);
        response.json(toImageJson((await findStored(pool, id)) ?? notFound(id)));
      },
    },
    {
      method: 'patch',
      path,
      summary: 'Change the title of an image',
      body: { contentType: 'application/json', schema: renameBody },
      answers: imageAnswer,
      async handle(request, response) {
        const id = parseId(request.params.id);
        const { title } = parseInput(renameBody, request.body);
        response.json(toImageJson((await retitle(pool, id, title)) ?? notFound(id)));
      },
    },
    {
      method: 'delete',
      path,
      summary: 'Delete an image: its row now, its object right after',
      answers: { 204: { description: 'Deleted' } },
      async handle(request, response) {
        const id = parseId(request.params.id);
        if (!(await deleteStored(pool, id))) notFound(id);
        deps.onDeleted();
        response.status(204).end();
      },
    },
  ];
}

async function upload(deps: ImageRoutesDeps, request: Request, response: Response): Promise<void> {
  const { underWay, metrics, maxUploadBytes, uploadIdleMs: idleMs } = deps;
  const declaredBytes = Number(request.headers['content-length'] ?? 0);
  if (declaredBytes > maxUploadBytes + formOverheadBytes)
    throw tooLarge(maxUploadBytes, `${declaredBytes} bytes announced`);
  const one = new Upload(deps);
  underWay.enter(one.id);
  try {
    const receive: Upload['receive'] = (body, originalName) => one.receive(body, originalName);
    const form = await readImageForm(request, response, { receive, idleMs });
    const image = await one.finish(form.file, parseInput(titleInput, form.title));
    metrics.countUpload('stored', image.sizeBytes);
    underWay.leave(one.id);
    response.status(201).location(`${paths.images}${image.id}/`).json(toImageJson(image));
  } catch (error) {
    await one.discard();
    metrics.countUpload(asKeepsakeError(error).code, 0);
    throw error;
  } finally {
    underWay.leave(one.id);
  }
}

function notFound(id: string): never {
  throw new KeepsakeError('ImageNotFound', {
    what: 'there is no such image',
    got: id,
    remedy: 'It may have been deleted; see /api/images/.',
  });
}
