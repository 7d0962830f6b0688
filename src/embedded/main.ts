// `npm start`.
import { runUntilStopped } from './run-until-stopped.ts';

process.exit(await runUntilStopped(process.env));
