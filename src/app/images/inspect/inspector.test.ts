import { expect, test, vi } from 'vitest';
import { pngImage } from '../../../../test/support/images.ts';
import { silentLogger } from '../../../shared/logger.ts';
import { Inspector } from './inspector.ts';

test('a process that is watched (node --watch) has its images decoded, too', async () => {
  vi.stubEnv('WATCH_REPORT_DEPENDENCIES', '1');
  const limits = { maxPixels: 10_000, maxMemoryBytes: 64 * 1024 ** 2, timeoutMs: 14_000 };
  const inspector = new Inspector({ ...limits, logger: silentLogger() });
  try {
    const source = new Uint8Array(pngImage({ width: 3, height: 2, seed: 1 }));
    const facts = await inspector.inspect({ type: 'image/png', source }, AbortSignal.timeout(14_000));
    expect(facts).toMatchObject({ width: 3, height: 2 });
  } finally {
    inspector.close();
    vi.unstubAllEnvs();
  }
});
