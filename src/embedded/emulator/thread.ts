// The emulator's thread: its hashing and file writes never stall the keeper and the API (P4).
import { parentPort, workerData } from 'node:worker_threads';
import type { EmulatorThreadData } from './index.ts';
import { startEmulatorServer } from './server.ts';

const { folder, port } = workerData as EmulatorThreadData;
const server = await startEmulatorServer(folder, port);
parentPort?.postMessage(server.port);
