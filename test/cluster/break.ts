// Breaks some image links on purpose, for the button in Tilt: node test/cluster/break.ts [how many, 3 unless told]
import { removeBehindTheKeeper, someImages } from './behind-the-keeper.ts';
import { ownContext } from './kubectl.ts';

await ownContext();
const keys = await someImages(Number(process.argv[2] ?? 3));
if (keys.length > 0) await removeBehindTheKeeper(keys);
console.log(keys.length === 0 ? 'there are no images yet: upload some first' : `removed behind the keeper's back:`);
for (const key of keys) console.log(`  ${key}`);
