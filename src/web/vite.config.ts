// Builds the page to dist/web, which the API serves; in development Vite serves it and passes /api on.
// Its output runs under `default-src 'self'`: no inline script or style, no data URLs.
import path from 'node:path';
import { defineConfig, loadEnv } from 'vite';

export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  build: {
    outDir: path.resolve(import.meta.dirname, '../../dist/web'),
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { '/api': loadEnv(mode, import.meta.dirname, 'KEEPSAKE_').KEEPSAKE_API_URL ?? 'http://127.0.0.1:8080' },
  },
}));
