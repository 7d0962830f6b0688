// What others may use of `npm start`: the system as a whole, its settings, and how to find one that runs.
export { type EmbeddedConfig, embeddedSettings, readEmbeddedConfig } from './config.ts';
export { folderLayout } from './data-folder.ts';
export { ensureBucket } from './ensure-bucket.ts';
export { findRunning, type RunFile } from './run-file.ts';
export { runUntilStopped } from './run-until-stopped.ts';
export { type EmbeddedOptions, type RunningSystem, startEmbedded } from './start.ts';
