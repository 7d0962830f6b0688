// The version of everything here: package.json says it once.
import packageJson from '../../package.json' with { type: 'json' };

export const version: string = packageJson.version;
