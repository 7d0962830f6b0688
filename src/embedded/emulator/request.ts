// The input of a request handler of the emulator.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyFiles } from './body-files.ts';
import type { Bucket, EmulatorState } from './state.ts';

export interface EmulatorRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly state: EmulatorState;
  readonly files: BodyFiles;
  readonly query: ReadonlyMap<string, string>;
}

export interface BucketRequest extends EmulatorRequest {
  readonly bucket: Bucket;
}

export interface ObjectRequest extends BucketRequest {
  readonly key: string;
}
