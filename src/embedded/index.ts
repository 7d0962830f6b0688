// The door to `npm start`: running it, its settings, and how to find one that runs. Light: the parts are loaded when it
// is run.
export { type EmbeddedConfig, embeddedSettings, readEmbeddedConfig } from './config.ts';
export { folderLayout } from './data-folder.ts';
export { findRunning, type RunFile } from './run-file.ts';
export { runUntilStopped } from './run-until-stopped.ts';
