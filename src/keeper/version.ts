// The keeper's version, as its answers under /_keeper/ tell it.
import packageJson from '../../package.json' with { type: 'json' };

export const keeperVersion: string = packageJson.version;
