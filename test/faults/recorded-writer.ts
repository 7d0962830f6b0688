// A process whose disk is recorded: it notes what the store holds, writes to it, drops what is retired, and prints the
// history at the end. Arguments: the store's folder, the folder of the journal, and how many turns each client has: with
// 300 the log of the database is folded in more than once.
import { openStore } from '../../src/keeper/store/index.ts';
import { bytesOf } from '../../src/keeper/store/store-bytes.ts';
import { randomOf } from '../model/random.ts';
import { md5 } from '../support/keeper.ts';
import { heldStates } from './held-states.ts';
import { createHistory } from './history.ts';
import { journalLength } from './journal.ts';

const [folder = '', journal = '', turns = ''] = process.argv.slice(2);
const clients = 4;

const store = await openStore({ folder, retentionMs: 0 });
const history = createHistory(() => journalLength(journal));
// A state that was seen once can't be lost any more.
for (const [key, state] of await heldStates(store)) history.begin(key, state)();

async function put(key: string, bytes: Uint8Array): Promise<void> {
  const writer = store.beginBody();
  await writer.write(bytes);
  const body = await writer.finish();
  const acknowledged = history.begin(key, md5(bytes));
  await store.commit({
    kind: 'put-object',
    meta: { bucket: 'bucket', key, etag: `"${md5(bytes)}"`, sizeBytes: bytes.length, headers: {}, parts: null },
    source: { kind: 'body', body },
  });
  acknowledged();
}

async function remove(key: string): Promise<void> {
  const acknowledged = history.begin(key, null);
  await store.commit({ kind: 'delete-objects', bucket: 'bucket', keys: [key] });
  acknowledged();
}

async function client(name: number): Promise<void> {
  const random = randomOf(1, 'writer', name);
  for (let turn = 0; turn < Number(turns); turn++) {
    const key = `${name}/${random.integer(0, 9)}`;
    if (random.oneIn(6)) await remove(key);
    else await put(key, bytesOf(random.integer(40_000, random.oneIn(10) ? 200_000 : 60_000), turn * clients + name));
    if (name === 0 && turn % 20 === 19) await store.expire(Date.now());
  }
}

await Promise.all(Array.from({ length: clients }, (_, name) => client(name)));
await store.close();
console.log(JSON.stringify(history.changes));
