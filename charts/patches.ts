// The way out where cdk8s-plus-27 has no word for a thing: JSON patches (RFC 6902) on what it renders.
import { ApiObject, JsonPatch } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { checksum } from './component.ts';

/**
 * Patches the rendered manifest of a construct. Not `addJsonPatch`: what that adds is rendered once more by the types of
 * Kubernetes 1.27, which drop every field they don't know, a sidecar's restart policy for one.
 */
export function patchManifest(construct: IConstruct, ...patches: readonly JsonPatch[]): void {
  const object = ApiObject.of(construct);
  const render = object.toJson.bind(object);
  object.toJson = () => JsonPatch.apply(render(), ...patches);
}

/** For objects that belong to no namespace: takes away the one that charts give to all. */
export function makeClusterScoped(...constructs: readonly IConstruct[]): void {
  for (const construct of constructs) patchManifest(construct, JsonPatch.remove('/metadata/namespace'));
}

/** Ends the name with a checksum of the spec: for what can't be changed, a Job, so that a change makes another one. Comes last. */
export function nameByContent(construct: IConstruct): void {
  const object = ApiObject.of(construct);
  const render = object.toJson.bind(object);
  object.toJson = () => {
    const manifest = render();
    const name = `${object.name}-${checksum(manifest.spec)}`;
    return { ...manifest, metadata: { ...manifest.metadata, name } };
  };
}
