// An S3 emulator from npm, in memory only, as a process of its own: what a test can kill without Docker.
import { startFauxqs } from 'fauxqs';

await startFauxqs({ port: Number(process.argv[2]), logger: false });
