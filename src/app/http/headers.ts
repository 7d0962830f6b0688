// Headers that each answer carries. Nothing that we serve may run as a page of ours but the web page itself (P7).
import type { RequestHandler } from 'express';

/** For answers that are no page: nothing loads, nothing runs, nobody frames it. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

/** For the web page: its own files, images of the API and previews of files about to be sent. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** For an image opened on its own: an SVG may style itself, but has no scripts, no network and no origin. */
export const imagePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** Sets the defaults; a route may set its own. */
export const secureHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'Content-Security-Policy': dataPolicy,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  });
  next();
};
