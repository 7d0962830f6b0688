// The compose examples say what the guide promises: pinned images, one open port, a volume, health that means readiness.
import { globSync } from 'node:fs';
import path from 'node:path';
import { Yaml } from 'cdk8s';
import { expect, test } from 'vitest';
import { onOneProcessor } from '../../charts/one-processor.ts';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly restart: string;
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const root = path.resolve(import.meta.dirname, '../..');
const files = globSync('examples/compose/*.yaml', { cwd: root }).sort();

test('there is one for LocalStack and one for floci', () => {
  expect(files.map((file) => path.basename(file))).toEqual(['floci.yaml', 'localstack.yaml']);
});

test.each(files)('%s: only the keeper is reached from outside, and its objects are in a volume', (file) => {
  const [{ services, volumes }] = Yaml.load(path.join(root, file)) as [Compose];
  const { s3, ...emulators } = services;
  const [[name, emulator] = [], ...others] = Object.entries(emulators);
  expect(others).toEqual([]);
  expect(emulator?.ports).toBeUndefined();
  expect(emulator?.image).toMatch(/:\d+\.\d+\.\d+$/);
  expect(s3?.environment.KEEPER_UPSTREAM_URL).toBe(`http://${name}:4566`);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of compose
  expect(s3?.ports).toEqual(['127.0.0.1:${S3_PORT:-4566}:4566']);
  expect(s3?.volumes).toEqual(Object.keys(volumes).map((volume) => `${volume}:${s3?.environment.KEEPER_DATA}`));
  expect(s3?.healthcheck?.test.join(' ')).toContain('/_keeper/readyz');
  expect(s3?.restart).toBe('unless-stopped');
  expect(s3?.command).toEqual(['keeper', 'run']);
});

test('LocalStack is on one processor, as in the cluster', () => {
  const [{ services }] = Yaml.load(path.join(root, 'examples/compose/localstack.yaml')) as [Compose];
  expect(services.localstack?.entrypoint).toEqual([...onOneProcessor, 'docker-entrypoint.sh']);
});
