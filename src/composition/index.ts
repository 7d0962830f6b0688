// The parts that `npm start`, `keepsake api` and the tests join, and that don't know each other, joined.
export { type JoinedApi, type JoinedApiOptions, startJoinedApi } from './joined-api.ts';
