// The form in which the system is tested: as users apply it, or as Tilt does. The vitest project chooses (vitest.config.ts).

/** `local`: k8s/local, images sealed. `tilt`: k8s/tilt, with images whose sources can be written over, and the keeper an ordinary container. */
export type Form = 'local' | 'tilt';

export const form: Form = process.env.KEEPSAKE_CLUSTER_FORM === 'tilt' ? 'tilt' : 'local';

/** Folder of the manifests. */
export const manifestFolder = `k8s/${form}`;
