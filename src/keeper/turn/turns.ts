// Gives each change its turn, and ends it by what came of it.
import { asKeepsakeError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Call } from '../s3/call.ts';
import { s3ErrorOf, sendS3Error } from '../s3/errors.ts';
import type { Store } from '../store/contract.ts';
import type { Answer } from '../upstream/client.ts';
import type { Scope } from './scope.ts';
import { Turn, type TurnParts } from './turn.ts';

/** The parts that a change of any kind uses. */
export interface ChangeParts {
  readonly store: Store;
  readonly turns: Turns;
}

export class Turns {
  readonly #parts: TurnParts;
  readonly #logger: Logger;

  constructor(parts: TurnParts, logger: Logger) {
    this.#parts = parts;
    this.#logger = logger;
  }

  /** Begins a turn in the session of `epoch`; the caller ends it. */
  begin(scope: Scope, epoch: number): Turn {
    return new Turn(this.#parts, scope, epoch);
  }

  /**
   * Runs `change`, which passes the request and commits what came of it, and sends the answer that it returns. When it
   * throws, the outcome is unknown; so it is when the emulator failed (5xx) or refused what it may have written. Then the
   * scope stays locked until emulator and store agree.
   */
  async run(call: Call, scope: Scope, change: (turn: Turn) => Promise<Answer>): Promise<void> {
    const { res, target, epoch } = call;
    const turn = this.begin(scope, epoch);
    let answer: Answer;
    try {
      answer = await change(turn);
    } catch (thrown) {
      const error = asKeepsakeError(thrown);
      if (error.code === 'S3Unavailable') this.#parts.emulator.gate.suspect();
      if (error.kind === 'bug') this.#logger.error({ err: thrown, operation: scope.operation }, 'a request failed');
      sendS3Error(res, s3ErrorOf(error), target.path);
      await turn.leaveUnknown();
      return;
    }
    if (answer.status >= 500 || answer.status === refusedAfterWriting.get(scope.operation)) {
      const left = answer.status >= 500 ? turn.leaveUnknown() : turn.leaveRefused();
      sendAnswer(call, answer);
      await left;
      return;
    }
    turn.leave();
    sendAnswer(call, answer);
  }
}

// LocalStack writes first and then looks at the checksum of a body (400) or the condition of a copy (412). The old object
// has lost its bytes by then, or has those of another (s3/provider.py: put_object, upload_part, copy_object).
const refusedAfterWriting: ReadonlyMap<string, number> = new Map([
  ['put-object', 400],
  ['upload-part', 400],
  ['copy-object', 412],
]);

function sendAnswer({ res }: Call, { status, statusMessage, headers, body }: Answer): void {
  res.writeHead(status, statusMessage, [...headers]);
  res.end(body);
}
