// The things that the views of /api/debug/ look at.
import type { Pool } from '../../shared/postgres.ts';
import type { Bucket } from '../../shared/s3/client.ts';
import type { AppConfig } from '../config.ts';

export interface DebugDeps {
  readonly config: AppConfig;
  readonly pool: Pool;
  readonly bucket: Bucket;
}
