// The process that makes the load (s3-load.ts), as a function that can be called.
import { fork } from 'node:child_process';
import path from 'node:path';
import type { LoadRequest, LoadResult } from './s3-load.ts';

export interface Loader {
  /** One load at a time. @throws Error when a request was not answered as it must be; stderr says which */
  run(request: LoadRequest): Promise<LoadResult>;
  close(): void;
}

export function startLoader(): Loader {
  const child = fork(path.join(import.meta.dirname, 's3-load.ts'));
  return {
    run: (request) =>
      new Promise((resolve, reject) => {
        const failed = () => reject(new Error(`${request.operation} to ${request.url} failed`));
        child.once('exit', failed);
        child.once('message', (result) => {
          child.off('exit', failed);
          resolve(result as LoadResult);
        });
        child.send(request);
      }),
    close: () => void child.kill(),
  };
}
