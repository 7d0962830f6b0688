// Joins the parts that do not know each other, for `npm start`, `keepsake api` and the tests.
export { type JoinedApi, type JoinedApiOptions, readJoinedConfig, startJoinedApi } from './joined-api.ts';
