// The keeper: a durable S3 proxy in front of an S3 emulator (P1–P5).
export { type KeeperConfig, readKeeperConfig } from './config.ts';
export { type RunningKeeper, startKeeper } from './keeper.ts';
export { serveKeeper } from './serve.ts';
