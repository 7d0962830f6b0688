// The keeper's store: what contract.ts promises, opened by `openStore`.
export type * from './contract.ts';
export { openStore } from './open-store.ts';
