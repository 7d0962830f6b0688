// Yours to edit: names, hosts, sizes, images and schedule of your clusters. `npm run synth` writes what follows from it.
// Example: { host: 'images.localhost', objectStore: { kind: 'localstack', persistence: 'keeper', storageGiB: 50 } }
import type { Environment } from './environment.ts';

/** Any part of an environment but its name; see `Environment` for each field's meaning. */
export type Overrides = Partial<Omit<Environment, 'name' | 'sources' | 'replicas' | 'images' | 'integrity'>> & {
  readonly replicas?: Partial<Environment['replicas']>;
  readonly images?: Partial<Environment['images']>;
  readonly integrity?: Partial<Environment['integrity']>;
};

export const settings: { readonly local: Overrides; readonly aws: Overrides } = {
  local: {},
  aws: {},
};
