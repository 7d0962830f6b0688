// `keepsake fix`: shows what a repair would do; with --fix, --clean-s3 or --clean-all it asks, then does it (P9).
import { createInterface } from 'node:readline/promises';
import { KeepsakeError } from '../../shared/errors.ts';
import { exitCodeOf, type IntegrityReport } from '../../shared/report.ts';
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { firstDone, printActions, printFindings, printOutcome } from '../report-view.ts';
import { runPass } from '../run-pass.ts';
import { findSystem } from '../system.ts';

export interface FixOptions {
  readonly fix?: boolean;
  readonly cleanS3?: boolean;
  readonly cleanAll?: boolean;
  readonly yes?: boolean;
  /** Milliseconds. */
  readonly grace?: number;
}

export async function fix(context: Context, options: FixOptions): Promise<number> {
  const isToAct = Boolean(options.fix || options.cleanS3 || options.cleanAll);
  if (isToAct && !options.yes && !context.canAsk) throw nobodyToAsk();
  const connected = await connect(findSystem(context.env), context.logger);
  const request = {
    shouldCleanS3: Boolean(options.cleanS3 || options.cleanAll),
    shouldCleanAll: options.cleanAll ?? false,
    ...(options.grace !== undefined && { graceMs: options.grace }),
  };
  try {
    const preview = await runPass(context, connected, { mode: 'preview', ...request });
    printFindings(context, preview);
    printActions(context, preview);
    if (!isToAct || preview.actions.planned === 0) return end(context, preview, isToAct);
    if (!options.yes && !(await isAgreed(preview))) {
      context.print('Nothing was changed.');
      return end(context, preview, isToAct);
    }
    const report = await runPass(context, connected, { mode: 'repair', ...request });
    context.print('');
    printActions(context, report);
    printOutcome(context, report);
    if (firstDone(report)) context.print('Take all of it back: npm run keepsake -- undo last');
    context.printJson(report);
    return exitCodeOf(report.status);
  } finally {
    await connected.close();
  }
}

function end(context: Context, preview: IntegrityReport, isToAct: boolean): number {
  if (!isToAct && preview.actions.planned > 0) context.print('Nothing was changed. Do it: npm run fix -- --fix');
  context.printJson(preview);
  return exitCodeOf(preview.status);
}

async function isAgreed({ actions }: IntegrityReport): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question(`Do ${actions.planned === 1 ? 'it' : `these ${actions.planned}`}? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    asking.close();
  }
}

function nobodyToAsk(): KeepsakeError {
  return new KeepsakeError('RunRefused', {
    what: 'there is no terminal to ask on, so nothing is changed',
    remedy: 'Look at what it would do (npm run fix), then add --yes.',
  });
}
