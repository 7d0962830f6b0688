// /api/thumbnails/{width}/{key}: a smaller copy of an image, made when it is first asked for and kept in S3. It is never
// served for an image whose own object is gone: that link is broken, and says so (P15).
import { KeepsakeError } from '../../shared/errors.ts';
import { idOfKey, imageUrl, thumbnailWidths } from '../../shared/image.ts';
import { paths } from '../../shared/names.ts';
import { imagePolicy } from '../http/headers.ts';
import type { Route } from '../http/route.ts';
import { isUnchanged } from '../objects/range.ts';
import { findImage, proveObject } from '../objects/stored-object.ts';
import { type ThumbnailDeps, ThumbnailStore } from './thumbnail-store.ts';

export function thumbnailRoutes(deps: ThumbnailDeps): Route[] {
  const thumbnails = new ThumbnailStore(deps);
  return [
    {
      method: 'get',
      path: `${paths.thumbnail}{width}/{key}`,
      summary: 'A smaller copy of an image; an image that can not be drawn smaller redirects to its own bytes',
      answers: {
        200: { description: 'A still WebP, at most as wide as asked', contentType: 'image/webp' },
        302: { description: 'The image itself' },
        304: { description: 'The copy of the client is still right' },
      },
      async handle(request, response) {
        const { width, key } = parsePath(request.originalUrl);
        const image = await findImage(deps.pool, key);
        await proveObject(deps, image);
        const etag = `"${image.sha256}-${width}"`;
        const headers = {
          'Cache-Control': 'private, max-age=31536000, immutable', // the bytes under a key never change
          'Content-Security-Policy': imagePolicy,
          ETag: etag,
        };
        if (isUnchanged(request.headers, { etag, lastModified: image.uploadedAt })) {
          response.set(headers).status(304).end();
          return;
        }
        const bytes = await thumbnails.get(image, width);
        if (bytes === undefined) response.redirect(302, imageUrl(key));
        else response.set({ ...headers, 'Content-Type': 'image/webp' }).end(bytes);
      },
    },
  ];
}

// The path as it was sent: a key of ours needs no escapes, so one that has any is none (P7).
function parsePath(url: string): { readonly width: number; readonly key: string } {
  const [, width = '', key = ''] = /^([^/]*)\/([^?]*)/.exec(url.slice(paths.thumbnail.length)) ?? [];
  const known = thumbnailWidths.find((one) => String(one) === width);
  if (known !== undefined && idOfKey(key) !== undefined) return { width: known, key };
  throw new KeepsakeError('InvalidKey', {
    what: 'the path names no thumbnail',
    expected: `${paths.thumbnail}<${thumbnailWidths.join(' | ')}>/images/<id>.<ending>`,
    got: JSON.stringify(url.slice(0, 200)),
    remedy: 'Take the url of one of the thumbnails of an image, unchanged.',
  });
}
