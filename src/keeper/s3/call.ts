// One request of an S3 client, as it passes through the keeper.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Target } from './target.ts';

export interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly target: Target;
  /** The session of the emulator in which the request began. Answers of another session are not believed. */
  readonly epoch: number;
}
