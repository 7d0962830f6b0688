// Names and ports that charts, parts and docs share; the design's words in bold.

/** Ports inside containers and on a laptop alike. `emulator`: loopback only, behind the keeper. */
export const ports = { api: 8080, s3: 4566, emulator: 4567, web: 8081, postgres: 5432 } as const;

export const cluster = {
  namespace: 'keepsake',
  host: 'keepsake.localhost',
  reportConfigMap: 'integrity-report',
  /** Server-side apply's field manager of the reconciler. */
  fieldManager: 'keepsake-reconciler',
  reconcilerCronJob: 'keepsake-reconciler',
  repairCronJob: 'keepsake-repair',
} as const;

/** Paths of the API, each with the slash at its end that it is known by. */
export const paths = {
  images: '/api/images/',
  object: '/api/s3-image/',
  thumbnail: '/api/thumbnails/',
  debug: '/api/debug/',
  integrity: '/api/integrity/',
  openApi: '/api/openapi.json',
} as const;
