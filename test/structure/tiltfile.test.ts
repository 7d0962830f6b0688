// Rules of Tilt that can be checked without it, each with its source in tilt-dev/tilt (v0.37.6). They were learned from a Tilt
// that refused a Tiltfile, or printed what nobody could read.
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { local, tilt } from '../../charts/environments.ts';
import { containersOf, podTemplates, renderManifests } from '../support/manifests.ts';
import { describeWith } from '../support/requirements.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

interface Asked {
  readonly builds: readonly {
    readonly ref: string;
    readonly dockerfile: string;
    readonly target: string;
    readonly only: readonly string[];
    readonly live_update: readonly object[];
  }[];
  readonly resources: readonly {
    readonly name: string;
    readonly deps: readonly string[];
    readonly ports: readonly (readonly number[])[];
    readonly links: readonly string[];
  }[];
  readonly locals: readonly { readonly name: string; readonly deps: readonly string[] }[];
  readonly buttons: readonly { readonly name: string; readonly resource: string; readonly argv: readonly string[] }[];
  readonly yaml: readonly string[];
  readonly names: readonly string[];
}

const manifests = renderManifests(tilt);
const workloads = podTemplates(manifests).map(({ workload }) => workload.metadata.name);

/** The requests of the Tiltfile to Tilt, on a cluster to whose ingress `docker port` says the way. */
function evaluate(door = '127.0.0.1:80\n'): Asked {
  const args = [path.join(import.meta.dirname, 'tiltfile.py'), path.join(root, 'Tiltfile'), ...workloads];
  return JSON.parse(execFileSync('python3', args, { encoding: 'utf8', env: { ...process.env, DOOR: door } })) as Asked;
}

const withoutTag = (image: string) => image.replace(/:[^:/]*$/, '');

/** The images that Tilt sees in a Dockerfile: of FROM and of `COPY --from` (internal/dockerfile/ast.go, `traverseImageRefs`). */
function imagesIn(dockerfile: string): readonly string[] {
  const found = [...dockerfile.matchAll(/^(?:FROM|COPY .*--from=)\s*(\S+)/gim)].map(([, image = '']) =>
    withoutTag(image),
  );
  return [...new Set(found)];
}

const stagesOf = (dockerfile: string) =>
  [...dockerfile.matchAll(/^FROM .* AS (\S+)/gim)].map(([, stage = '']) => stage);

describeWith(['python3'], 'the Tiltfile', () => {
  const asked = evaluate();

  // internal/tiltfile/tiltfile_state.go, `imgTargetsForDepsHelper`: "Image dependency cycle". A stage's name counts as an image.
  test.each(['Dockerfile', 'Dockerfile.web'])('no FROM of %s is called as an image that is built', (file) => {
    const built = asked.builds.map(({ ref }) => withoutTag(ref));
    expect(imagesIn(read(file)).filter((image) => built.includes(image))).toEqual([]);
  });

  test('each build has its target among the stages', () => {
    for (const { dockerfile, target } of asked.builds) expect(['', ...stagesOf(read(dockerfile))]).toContain(target);
  });

  // internal/tiltfile/build_index.go: an image that nobody uses is skipped with a warning. Names are compared without their tags
  // (internal/container/selector.go, `matchName`), so an image of ours that is not built would be pulled from nowhere.
  test('the images that it builds are those of ours in the manifests', () => {
    const used = podTemplates(manifests)
      .flatMap(containersOf)
      .map(({ image }) => image);
    const ours = new Set(used.filter((image) => image.endsWith(':dev')).map(withoutTag));
    expect(new Set(asked.builds.map(({ ref }) => ref))).toEqual(ours);
  });

  // internal/tiltfile/docker.go: what `only` leaves out is not sent to the builder, and its COPY fails.
  test('each build is sent all that its Dockerfile copies', () => {
    for (const { dockerfile, only } of asked.builds) {
      const copied = [...read(dockerfile).matchAll(/^COPY (?!--)(.+)$/gm)].flatMap(([, words = '']) =>
        words.split(' ').slice(0, -1),
      );
      const isSent = (file: string) =>
        only.some((sent) => file === sent || file.startsWith(`${sent}/`) || sent.startsWith(`${file}/`));
      expect(copied.filter((file) => !isSent(file))).toEqual([]);
      expect(only.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
    }
  });

  // internal/controllers/core/liveupdate/reconciler.go, `visitSelectedContainers`: a pod's containers, not its init containers.
  test('what is updated live is no init container, and may be written', () => {
    const live = asked.builds.filter(({ live_update }) => live_update.length > 0).map(({ ref }) => ref);
    expect(live).not.toEqual([]);
    const isLive = ({ image }: { readonly image: string }) => live.includes(withoutTag(image));
    for (const { spec } of podTemplates(manifests)) {
      expect(spec.initContainers?.filter(isLive) ?? []).toEqual([]);
      for (const container of spec.containers.filter(isLive))
        expect(container.securityContext?.readOnlyRootFilesystem).toBe(false);
    }
  });

  // internal/tiltfile/tiltfile_state.go: a k8s_resource, a dependency or a button of a resource that is not there.
  test('each name of a resource is that of a workload or a local resource, and no two are the same', () => {
    const names = [...asked.names, ...asked.locals.map(({ name }) => name)];
    const named = [
      ...asked.resources.flatMap(({ name, deps }) => [name, ...deps]),
      ...asked.locals.flatMap(({ deps }) => deps),
      ...asked.buttons.map(({ resource }) => resource),
    ];
    expect(named.filter((name) => !names.includes(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(asked.buttons.map(({ name }) => name)).size).toBe(asked.buttons.length);
  });

  test('it applies all of k8s/tilt', () => {
    expect(asked.yaml).toEqual(globSync('k8s/tilt/*.yaml', { cwd: root }).toSorted());
  });

  test('each program of a button is there', () => {
    const files = asked.buttons.flatMap(({ argv }) => argv.filter((word) => word.endsWith('.ts')));
    expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });

  test.each([
    ['127.0.0.1:80\n', 'http://keepsake.localhost'],
    ['127.0.0.1:8080\n', 'http://keepsake.localhost:8080'],
  ])('where docker says %j its links lead to %s, and no port is forwarded twice', (door, site) => {
    const { resources } = evaluate(door);
    expect(resources.find(({ name }) => name === 'traefik')?.links).toEqual([site]);
    const taken = [Number(door.trim().split(':')[1]), ...resources.flatMap(({ ports }) => ports.map(([port]) => port))];
    expect(new Set(taken).size).toBe(taken.length);
  });
});

// internal/tiltfile/k8s.go, `maybeExtractSecrets`, and pkg/model/secret.go, `Scrub`: each value of a Secret, of 5 bytes or more,
// is replaced in every log, also within a word, and so is its base64.
describe.each([local, tilt])('Secrets of $name', (environment) => {
  const rendered = renderManifests(environment);
  const values = rendered
    .filter(({ kind }) => kind === 'Secret')
    .flatMap(({ data, stringData }) => [...Object.values(stringData ?? {}), ...Object.values(data ?? {}).map(atob)])
    .filter((value) => value.length >= 5);
  const others = rendered.filter(({ kind }) => kind !== 'Secret').map((manifest) => JSON.stringify(manifest));
  const sources = globSync(['src/**/*.ts', 'Dockerfile*', 'package.json'], { cwd: root }).map(read);
  const written = [...others, ...sources].join('\n');

  test.each(values.flatMap((value) => [value, btoa(value)]))(
    '%s is no word of the manifests or the sources, so none of the logs',
    (value) => {
      expect(written).not.toContain(value);
    },
  );
});

test('the cluster on port 8080 is the other one but for that port', () => {
  const plain = (file: string) => read(file).replaceAll(/^\s*#.*\n/gm, '');
  expect(plain('k8s/cluster.yaml').replace('hostPort: 80\n', 'hostPort: 8080\n')).toBe(plain('k8s/cluster-8080.yaml'));
  expect(plain('k8s/cluster-8080.yaml')).toContain('hostPort: 8080\n');
});
