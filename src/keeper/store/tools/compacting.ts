// The child of compact.test.ts: says that it begins, and compacts the store that it is given, until it is killed or done.
import { writeSync } from 'node:fs';
import { compactStore } from './compact.ts';

const [folder = ''] = process.argv.slice(2);
writeSync(1, 'begins\n');
await compactStore(folder);
