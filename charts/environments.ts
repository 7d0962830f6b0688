// All that differs between clusters, in one typed value each. Components read it and nothing else; what is the same
// everywhere stands in the components.
import { cluster } from '../src/shared/names.ts';
import { type Overrides, settings } from './settings.ts';

/** How LocalStack's objects outlive it. `keeper`: the durable proxy in front (free image). `native`: LocalStack's own
 * persistence, which needs a licence token in the Secret `localstack-auth`. `none`: a restart empties it. */
export type Persistence = 'keeper' | 'native' | 'none';

/** S3 as the parts see it: an emulator in the cluster, or AWS with a role per service account (IRSA). */
export type ObjectStore =
  | { readonly kind: 'localstack'; readonly persistence: Persistence; readonly storageGiB: number }
  | { readonly kind: 'aws'; readonly roleArn: string };

/** Postgres: in the cluster, or elsewhere by the key DATABASE_URL of a Secret that exists already. */
export type Database =
  | { readonly kind: 'in-cluster'; readonly storageGiB: number }
  | { readonly kind: 'external'; readonly secretName: string };

/** Who answers at the door: a Traefik of our own on the node's port 80, or a controller the cluster has. */
export type Door =
  | { readonly kind: 'traefik' }
  | {
      readonly kind: 'existing';
      readonly className: string;
      readonly annotations: Readonly<Record<string, string>>;
      /** Secret of type kubernetes.io/tls; undefined when the controller holds the certificate. */
      readonly tlsSecretName?: string;
    };

/**
 * Our sources in the containers that stay. `sealed`: as the image has them, read-only. `live`: in an image whose sources Tilt
 * writes over. Then the keeper is an ordinary container, as a live update looks at no init container
 * (tilt-dev/tilt: internal/controllers/core/liveupdate/reconciler.go, `visitSelectedContainers`).
 */
export type Sources = { readonly kind: 'sealed' } | { readonly kind: 'live'; readonly image: string };

export interface Environment {
  readonly name: 'local' | 'tilt' | 'aws';
  readonly namespace: string;
  readonly host: string;
  readonly bucket: string;
  readonly region: string;
  readonly logLevel: 'debug' | 'info' | 'warn';
  readonly sources: Sources;
  readonly objectStore: ObjectStore;
  readonly database: Database;
  readonly door: Door;
  /** Pods of api and of web. More than one also brings PodDisruptionBudgets. */
  readonly replicas: { readonly api: number; readonly web: number };
  readonly images: {
    /** api, keeper, reconciler and command line. */
    readonly keepsake: string;
    readonly web: string;
    /**
     * With the keeper, one that has `python3` and LocalStack's own `docker-entrypoint.sh`, as what is built from its images has.
     * @default by the persistence: the last free release, or with `native` the one that reads a licence's token
     */
    readonly localstack?: string;
    readonly postgres: string;
    readonly traefik: string;
  };
  readonly integrity: {
    /** When the reconciler checks, in cron's five fields, UTC. */
    readonly schedule: string;
    /** Nothing younger is ever removed (P9): `1h`, `48h`. */
    readonly grace: string;
  };
}

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
