// What `npm start`, `keepsake api` and the tests have in common: parts that don't know each other, joined.
export { type JoinedApi, type JoinedApiOptions, startJoinedApi } from './joined-api.ts';
