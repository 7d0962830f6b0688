// The built web page: files with a hash in their name for ever, the page itself always fresh. A path that no file has is
// the page's own to route, when a person asks for it.
import path from 'node:path';
import express, { type RequestHandler, Router } from 'express';
import { pagePolicy } from './headers.ts';

/** Serves `folder` as Vite builds it: `index.html`, and `assets/` with hashed names. Paths under /api/ are left alone. */
export function serveWebFiles(folder: string): Router {
  const page = path.join(path.resolve(folder), 'index.html');
  const sendPage: RequestHandler = (request, response, next) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    // The start page is for whoever asks; any other path only for who asks for HTML: a typo in a script stays a 404.
    const isPage = request.path === '/' || request.accepts(['json', 'html']) === 'html';
    if (!isRead || !isPage || request.path.startsWith('/api/')) return next();
    response.locals.route = 'web';
    response.set({ 'Content-Security-Policy': pagePolicy, 'Cache-Control': 'no-cache' });
    response.sendFile(page, { cacheControl: false, dotfiles: 'allow' }, (error) => {
      // A file that was not built gets 404. A client that left is no error of ours.
      if (error && !response.headersSent) next();
    });
  };
  const router = Router();
  router.use('/assets', (_request, response, next) => {
    response.locals.route = 'web';
    next();
  });
  router.use(
    '/assets',
    express.static(path.join(path.resolve(folder), 'assets'), { immutable: true, maxAge: '1y', index: false }),
  );
  router.use(express.static(path.resolve(folder), { index: false, redirect: false, setHeaders: setFileHeaders }));
  router.use(sendPage);
  return router;
}

function setFileHeaders(response: { setHeader(name: string, value: string): unknown }): void {
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('Content-Security-Policy', pagePolicy);
}
