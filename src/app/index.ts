// What other parts may use of the API.
export { type App, type AppDeps, createApp } from './app.ts';
export { type AppConfig, readAppConfig, type ShownSetting } from './config.ts';
export { type Listening, listen } from './listen.ts';
