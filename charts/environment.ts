// All that differs between clusters, as one typed value. Components read it and nothing else; what is the same
// everywhere stands in the components.

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
