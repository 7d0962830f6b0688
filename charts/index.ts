// The charts for a cdk8s app of your own: `import { addComponents, local, override } from 'keepsake/charts'`.
// `addComponents(app, override(local, { host: 'images.localhost' }))` adds all of a cluster; each component is a chart of
// its own for those who want only some.
export type { ComponentName, ComponentProps } from './component.ts';
export { Component } from './component.ts';
export { Api, type ApiProps } from './components/api.ts';
export { Bucket, type BucketProps } from './components/bucket.ts';
export { Ingress, type IngressProps } from './components/ingress.ts';
export { LocalStack, type LocalStackProps } from './components/localstack.ts';
export { Namespace } from './components/namespace.ts';
export { Network } from './components/network.ts';
export { Postgres, type PostgresProps } from './components/postgres.ts';
export { Reconciler, type ReconcilerProps } from './components/reconciler.ts';
export { SharedSettings } from './components/shared-settings.ts';
export { Traefik } from './components/traefik.ts';
export { Web } from './components/web.ts';
export {
  aws,
  type Database,
  type Door,
  type Environment,
  local,
  type ObjectStore,
  override,
  type Persistence,
} from './environments.ts';
export type { Overrides } from './settings.ts';
export { addComponents, synthesize } from './synth.ts';
