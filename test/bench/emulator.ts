// The embedded S3 emulator alone, as a process: what the bench measures when no LocalStack is named.
import { mkdir, rm } from 'node:fs/promises';
import { startEmulatorServer } from '../../src/embedded/emulator/server.ts';

const [folder = '', port = ''] = process.argv.slice(2);
await rm(folder, { recursive: true, force: true }); // it forgets, as an emulator does
await mkdir(folder, { recursive: true });
await startEmulatorServer(folder, Number(port));
