// `npm start`.
import '../shared/disposable-stack.ts'; // first: what follows uses it
import { runUntilStopped } from './run-until-stopped.ts';

process.exit(await runUntilStopped(process.env));
