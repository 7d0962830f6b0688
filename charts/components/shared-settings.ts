// Settings and credentials that api, reconciler and bucket job share, so that they can't disagree. Changing one rolls
// the pods that use it, by the checksum each of them carries.
import * as kplus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { ports } from '../../src/shared/names.ts';
import { Component, type ComponentProps, checksum } from '../component.ts';
import type { Environment } from '../environments.ts';
import { exact } from '../exact.ts';

/** Credentials of the dev database. They guard nothing but a laptop's cluster, and are written down on purpose. */
export const devDatabase = { user: 'keepsake', password: 'keepsake-dev', name: 'keepsake' } as const;

export class SharedSettings extends Component {
  /** Environment variables for a container of ours. */
  readonly envFrom: kplus.EnvFrom[];
  /** For the pods' annotations. */
  readonly checksums: Readonly<Record<string, string>>;

  constructor(scope: Construct, props: ComponentProps) {
    super(scope, 'settings', props);
    const settings = settingsOf(props.environment);
    const configMap = new kplus.ConfigMap(this, 'settings', {
      metadata: { name: 'keepsake-settings' },
      data: settings,
    });
    const credentials = credentialsOf(props.environment);
    const secrets = Object.entries(credentials).map(
      ([name, stringData]) => new kplus.Secret(this, name, { metadata: { name }, stringData: { ...stringData } }),
    );
    const { database } = props.environment;
    const external =
      database.kind === 'external' ? [kplus.Secret.fromSecretName(this, 'database', database.secretName)] : [];
    this.envFrom = [
      kplus.Env.fromConfigMap(exact(configMap)),
      ...[...secrets, ...external].map((secret) => kplus.Env.fromSecret(exact(secret))),
    ];
    this.checksums = { settings: checksum(settings), credentials: checksum(credentials) };
  }
}

function settingsOf({ objectStore, bucket, region, logLevel }: Environment): Record<string, string> {
  const isLocalStack = objectStore.kind === 'localstack';
  return {
    USE_LOCALSTACK: String(isLocalStack),
    ...(isLocalStack && { AWS_S3_ENDPOINT_URL: `http://localstack:${ports.s3}` }),
    AWS_STORAGE_BUCKET_NAME: bucket,
    AWS_REGION: region,
    LOG_LEVEL: logLevel,
  };
}

/** Secrets by name, for what runs inside the cluster only: AWS and an external database bring their own. */
function credentialsOf({ objectStore, database }: Environment): Record<string, Record<string, string>> {
  const { user, password, name } = devDatabase;
  return {
    ...(database.kind === 'in-cluster' && {
      'keepsake-database': { DATABASE_URL: `postgres://${user}:${password}@postgres:${ports.postgres}/${name}` },
    }),
    ...(objectStore.kind === 'localstack' && {
      'keepsake-s3': { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    }),
  };
}
