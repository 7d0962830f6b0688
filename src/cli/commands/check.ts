// `keepsake check`: lists both sides, says what differs, changes nothing. Exit code by the report (P11).
import { exitCodeOf } from '../../shared/report.ts';
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { printFindings } from '../report-view.ts';
import { runPass } from '../run-pass.ts';
import { findSystem } from '../system.ts';

export interface CheckOptions {
  readonly createTest?: boolean;
  readonly keep?: boolean;
  readonly deep?: boolean;
  /** Milliseconds. */
  readonly grace?: number;
}

export async function check(context: Context, options: CheckOptions): Promise<number> {
  const connected = await connect(findSystem(context.env), context.logger);
  try {
    const testImage = options.createTest
      ? await (await import('../test-image.ts')).proveUpload(context, connected, { shouldKeep: options.keep ?? false })
      : undefined;
    const report = await runPass(context, connected, {
      mode: 'check',
      isDeep: options.deep ?? false,
      ...(options.grace !== undefined && { graceMs: options.grace }),
    });
    printFindings(context, report);
    if (report.status === 'Degraded') context.print('See what a repair would do: npm run fix');
    context.printJson(testImage ? { report, testImage } : report);
    return exitCodeOf(report.status);
  } finally {
    await connected.close();
  }
}
