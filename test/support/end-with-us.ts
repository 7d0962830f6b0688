// Processes that tests start. None outlives the process that started it: a test that timed out ends none itself.
import type { ChildProcess } from 'node:child_process';

const running = new Set<ChildProcess>();

/** Kills `child`, with its group where it leads one, when this process ends by itself or by SIGTERM; gives it back. */
export function endWithUs<T extends ChildProcess>(child: T): T {
  if (running.size === 0) {
    process.on('exit', killAll);
    process.on('SIGTERM', killAllAndExit);
  }
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
    if (running.size > 0) return;
    process.off('exit', killAll);
    process.off('SIGTERM', killAllAndExit);
  });
  return child;
}

function killAll(): void {
  for (const { pid } of running) if (pid !== undefined && !kill(-pid)) kill(pid);
}

/** Whether there was such a process or group. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // gone meanwhile, or no group
  }
}

function killAllAndExit(): void {
  killAll();
  process.exit(143); // 128 + SIGTERM
}
