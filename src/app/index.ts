// The door of the API for other parts.
export { type App, type AppDeps, createApp } from './app.ts';
export { type AppConfig, readAppConfig, type ShownSetting } from './config.ts';
export { type Listening, listen } from './listen.ts';
