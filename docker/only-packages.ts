// For Dockerfile.web: leaves in package.json only the packages that are named, so that `npm install` takes those alone,
// in the versions of the lock: node only-packages.ts NAME…
import { readFileSync, writeFileSync } from 'node:fs';

const wanted = process.argv.slice(2);
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string> | undefined>;
const versions = { ...manifest.dependencies, ...manifest.devDependencies };
const isUnknown = (name: string) => versions[name] === undefined;
if (wanted.length === 0 || wanted.some(isUnknown)) {
  console.error(`✗ not in package.json: ${wanted.filter(isUnknown).join(', ') || 'no package was named'}`);
  process.exit(1);
}
const dependencies = Object.fromEntries(wanted.map((name) => [name, versions[name]]));
const { name, version, type } = manifest;
writeFileSync('package.json', JSON.stringify({ name, version, type, private: true, dependencies }));
