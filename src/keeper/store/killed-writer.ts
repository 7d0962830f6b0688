// The child of killed-writer.test.ts: four clients that put, overwrite and delete without end, each on keys of its own.
// Before each change it prints `try`, after its commit `ack`, with the key and the state asked for; then it is killed.
// Arguments: the folder, and a number that no earlier child was started with.
import { writeSync } from 'node:fs';
import { openStore } from './open-store.ts';
import { bytesOf } from './store-bytes.ts';

const [folder = '', round = ''] = process.argv.slice(2);
const store = await openStore({ folder, inlineBytes: 1000, retentionMs: 0 });
let turn = Number(round) * 1_000_000;

async function change(key: string): Promise<void> {
  turn += 1;
  const seed = turn;
  // Every fifth is a delete; of the others some are inline, some files of several blocks.
  const sizeBytes = seed % 5 === 0 ? undefined : (seed * 7919) % (seed % 11 === 0 ? 600_000 : 3000);
  const state = sizeBytes === undefined ? 'deleted' : `${sizeBytes} ${seed}`;
  const intent = store.beginIntent({ bucket: 'photos', key, operation: 'PutObject' });
  writeSync(1, `try ${key} ${state}\n`);
  if (sizeBytes === undefined) {
    await store.commit({ kind: 'delete-objects', bucket: 'photos', keys: [key] });
  } else {
    const writer = store.beginBody();
    await writer.write(bytesOf(sizeBytes, seed));
    const body = await writer.finish();
    const meta = { bucket: 'photos', key, etag: `"${state}"`, sizeBytes, headers: {}, parts: null };
    await store.commit({ kind: 'put-object', meta, source: { kind: 'body', body } });
  }
  writeSync(1, `ack ${key} ${state}\n`);
  store.endIntent(intent);
}

async function client(name: number): Promise<never> {
  for (let i = 0; ; i++) {
    await change(`client${name}-key${i % 6}`);
    if (i % 50 === 49 && name === 0) await store.expire(Date.now());
  }
}

await Promise.all([0, 1, 2, 3].map(client));
