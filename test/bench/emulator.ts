// The embedded S3 emulator alone, as a process: what the bench measures when no LocalStack is named.
import { startEmulatorServer } from '../../src/embedded/emulator/server.ts';

const [folder = '', port = ''] = process.argv.slice(2);
await startEmulatorServer(folder, Number(port));
