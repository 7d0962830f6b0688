// For the test of end-with-us.ts: starts a child that would never end, prints its pid, and ends or waits as it is told.
import { spawn } from 'node:child_process';
import { endWithUs } from './end-with-us.ts';

const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
endWithUs(child);
console.log(child.pid);
if (process.argv[2] === 'exit') setImmediate(() => process.exit(0));
