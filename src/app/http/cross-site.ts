// A page of another site must not change anything here in a visitor's name (cross-site request forgery). Browsers say
// where a request comes from (Fetch Metadata, else Origin); programs that are no browsers send neither and may pass.
import type { Request, RequestHandler } from 'express';
import { KeepsakeError } from '../../shared/errors.ts';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** @throws KeepsakeError `CrossSiteRequest` for a request that changes something and comes from another site. */
export const refuseCrossSite: RequestHandler = (request, _response, next) => {
  const origin = foreignOrigin(request);
  if (safeMethods.has(request.method) || origin === undefined) {
    next();
    return;
  }
  throw new KeepsakeError('CrossSiteRequest', {
    what: 'a page of another site may not change anything here',
    expected: 'a request of our own page, or of a program that is no browser',
    got: origin,
    remedy: 'Open the page of this host itself.',
  });
};

function foreignOrigin(request: Request): string | undefined {
  const { 'sec-fetch-site': site, origin, host } = request.headers;
  if (site !== undefined) return site === 'same-origin' || site === 'none' ? undefined : `Sec-Fetch-Site: ${site}`;
  if (origin === undefined) return undefined;
  return URL.canParse(origin) && new URL(origin).host === host ? undefined : `Origin: ${origin.slice(0, 200)}`;
}
