// The clusters that `npm run synth` writes manifests for, each with the user's own settings laid over it.
import { cluster } from '../src/shared/names.ts';
import type { Environment } from './environment.ts';
import { type Overrides, settings } from './settings.ts';

export type * from './environment.ts';

const publicImages = {
  postgres: 'postgres:18',
  traefik: 'traefik:v3.6',
} as const;

const localDefaults: Environment = {
  name: 'local',
  namespace: cluster.namespace,
  host: cluster.host,
  bucket: 'my-test-bucket',
  region: 'us-east-1',
  logLevel: 'info',
  sources: { kind: 'sealed' },
  objectStore: { kind: 'localstack', persistence: 'keeper', storageGiB: 10 },
  database: { kind: 'in-cluster', storageGiB: 5 },
  door: { kind: 'traefik' },
  replicas: { api: 1, web: 1 },
  images: { keepsake: 'keepsake:dev', web: 'keepsake-web:dev', ...publicImages },
  integrity: { schedule: '*/5 * * * *', grace: '1h' },
};

const awsDefaults: Environment = {
  name: 'aws',
  namespace: cluster.namespace,
  host: 'keepsake.example.com',
  bucket: 'keepsake-images',
  region: 'us-east-1',
  logLevel: 'info',
  sources: { kind: 'sealed' },
  objectStore: { kind: 'aws', roleArn: 'arn:aws:iam::111122223333:role/keepsake' },
  database: { kind: 'external', secretName: 'keepsake-database' },
  door: {
    kind: 'existing',
    className: 'alb',
    annotations: {
      'alb.ingress.kubernetes.io/scheme': 'internet-facing',
      'alb.ingress.kubernetes.io/target-type': 'ip',
      'alb.ingress.kubernetes.io/listen-ports': '[{"HTTPS":443}]',
    },
  },
  replicas: { api: 2, web: 2 },
  images: { keepsake: 'keepsake:0.1.0', web: 'keepsake-web:0.1.0', ...publicImages },
  integrity: { schedule: '17 * * * *', grace: '48h' },
};

/** An environment with a user's own values laid over it; groups are merged, unions replaced whole. */
export function override(base: Environment, own: Overrides): Environment {
  return {
    ...base,
    ...own,
    replicas: { ...base.replicas, ...own.replicas },
    images: { ...base.images, ...own.images },
    integrity: { ...base.integrity, ...own.integrity },
  };
}

export const local = override(localDefaults, settings.local);
/** `local` as the Tiltfile applies it. */
export const tilt: Environment = { ...local, name: 'tilt', sources: { kind: 'live', image: 'keepsake-live:dev' } };
export const aws = override(awsDefaults, settings.aws);
