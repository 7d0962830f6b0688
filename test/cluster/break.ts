// Breaks some image links on purpose, for the button in Tilt: node test/cluster/break.ts [how many, 3 unless told]
import { ownContext } from './kubectl.ts';
import { removeObjects, someImages } from './remove-objects.ts';

await ownContext();
const keys = await someImages(Number(process.argv[2] ?? 3));
if (keys.length > 0) await removeObjects(keys);
console.log(keys.length === 0 ? 'there are no images yet: upload some first' : 'removed from S3, their rows left:');
for (const key of keys) console.log(`  ${key}`);
