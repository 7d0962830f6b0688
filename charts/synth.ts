// From an environment to its folder of manifests. Each component is one file; the folder is written anew, so that a
// component that is gone leaves nothing behind.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { App } from 'cdk8s';
import type { Construct } from 'constructs';
import { Api } from './components/api.ts';
import { Bucket } from './components/bucket.ts';
import { Ingress } from './components/ingress.ts';
import { LocalStack } from './components/localstack.ts';
import { Namespace } from './components/namespace.ts';
import { Network } from './components/network.ts';
import { Postgres } from './components/postgres.ts';
import { Reconciler } from './components/reconciler.ts';
import { SharedSettings } from './components/shared-settings.ts';
import { Traefik } from './components/traefik.ts';
import { Web } from './components/web.ts';
import type { Environment } from './environments.ts';

/** Writes `<outFolder>/<environment's name>/<component>.k8s.yaml`, replacing that folder. */
export function synthesize(environment: Environment, outFolder: string): void {
  const outdir = path.join(outFolder, environment.name);
  rmSync(outdir, { recursive: true, force: true });
  const app = new App({ outdir });
  addComponents(app, environment);
  app.synth();
}

/** All components of an environment, under `scope`. */
export function addComponents(scope: Construct, environment: Environment): void {
  const { objectStore, database, door } = environment;
  const props = { environment };
  new Namespace(scope, props);
  const settings = new SharedSettings(scope, props);
  if (database.kind === 'in-cluster') new Postgres(scope, { ...props, storageGiB: database.storageGiB });
  if (objectStore.kind === 'localstack') {
    const { persistence, storageGiB } = objectStore;
    new LocalStack(scope, { ...props, persistence, storageGiB });
    new Bucket(scope, { ...props, settings });
  }
  const { service: api } = new Api(scope, { ...props, settings });
  const { service: web } = new Web(scope, props);
  new Reconciler(scope, { ...props, settings });
  new Ingress(scope, { ...props, api, web });
  if (door.kind === 'traefik') new Traefik(scope, props);
  new Network(scope, props);
}
