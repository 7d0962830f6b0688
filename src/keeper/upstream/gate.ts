// Whether answers of the emulator may be believed. P3: the gate is open only while the emulator is known to be the
// process that is filled. It opens when the rest of the filling can go on key by key; at the end the emulator is whole.
//
// Why it holds: a TCP connection belongs to one process. An answer is believed when its connection is verified: an
// earlier answer on it was followed by a check that told the session in force. An answer on any other connection waits
// for such a check. A process that came after can't tell that session, so its answers are never believed.
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { KeepsakeError, reasonOf } from '../../shared/errors.ts';
import type { KeeperState } from '../../shared/keeper-api.ts';
import type { Logger } from '../../shared/logger.ts';
import { type Recovery, RecoveryRun } from './recovery.ts';
import type { EmulatorSession, SessionSource } from './session-source.ts';
import { Work } from './work.ts';

export interface GateOptions {
  readonly source: SessionSource;
  /**
   * Makes emulator and store agree, for a session that is new to this process. It does all of it, or as much as must be
   * done before the first answer; then it returns the recovery that is left. The gate tries again when it throws.
   * `signal`: the keeper stops.
   */
  readonly recover: (
    session: EmulatorSession,
    options: { readonly epoch: number; readonly signal: AbortSignal },
  ) => Promise<Recovery | undefined>;
  readonly logger: Logger;
  /** Breaks off all requests to the emulator: those that outlast the drain. */
  readonly cutConnections: () => void;
  /** How often an idle emulator is asked for its session. */
  readonly probeMs: number;
}

export class Gate {
  readonly #options: GateOptions;
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #stopping = new AbortController();
  readonly #work = new Work();
  #verified = new WeakSet<Socket>();
  #state: KeeperState = 'starting';
  #isOpen = false;
  #session: EmulatorSession | null = null;
  #epoch = 0;
  #isAlive = false;
  #isPoked = false;
  #mayBeReborn = false;
  #retryMs = minRetryMs;
  #check: Promise<void> | undefined;
  #nextCheck: Promise<void> | undefined;
  #running: Promise<void> | undefined;
  /** The rest of the last recovery; undefined when there was none. */
  #recovery: RecoveryRun | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  get state(): KeeperState {
    return this.#state;
  }

  /** Whether requests are answered: all of the emulator's state is there, or what is not is put back before it is asked for. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether the emulator holds all that the store does. */
  get isWhole(): boolean {
    return this.#state === 'ready';
  }

  /** The session in force, or null while none is known. */
  get session(): EmulatorSession | null {
    return this.#session;
  }

  /** Counts sessions: what began in another epoch was decided by the filling. */
  get epoch(): number {
    return this.#epoch;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Stops at once: whatever is under way with the emulator is broken off. */
  async close(): Promise<void> {
    this.#stopping.abort();
    this.#set('upstream-down', false); // tells those who wait for it to open again that it won't
    this.#events.emit('change');
    this.#options.cutConnections();
    await this.#running;
    await this.#recovery?.untilIdle();
  }

  /** Notes a change from its last byte to its commit: a filling waits for its end, which the caller tells by calling what it gets. */
  beginWork(): () => void {
    return this.#work.begin();
  }

  /** Something broke: the emulator is asked at once. */
  suspect(): void {
    this.#isPoked = true;
    this.#events.emit('poke');
  }

  /**
   * Whether an answer to a request begun in `epoch` may be believed; undefined means yes, at once.
   * @throws (rejects) KeepsakeError `KeeperRestoring` when it may not
   */
  believe(response: IncomingMessage, epoch: number): Promise<void> | undefined {
    if (this.#verified.has(response.socket) && epoch === this.#epoch) {
      this.#isAlive = true;
      return undefined;
    }
    return this.#verify(response, epoch);
  }

  /**
   * The emulator was taken for whole and is not: it lost something without being restarted. It is recovered as a new one.
   * The caller sees to it that `recover` knows.
   */
  distrust(reason: string): void {
    this.#lose(reason);
  }

  /** Asks the emulator: whether it answers now, in the session of `epoch`. */
  async confirm(epoch: number): Promise<boolean> {
    await this.#checkAfterNow();
    return this.isOpen && this.#epoch === epoch;
  }

  /** Resolves when the gate is open; rejects when the keeper stops first. */
  untilOpen(): Promise<void> {
    return this.#until(() => this.isOpen);
  }

  /**
   * Resolves when the gate is open, or `epoch` is over: whoever holds locks must not wait for the next session, which
   * waits for those that wait for the locks. Rejects when the keeper stops first.
   */
  untilOpenOrOver(epoch: number): Promise<void> {
    return this.#until(() => this.isOpen || this.#epoch !== epoch);
  }

  /** Resolves when the emulator is whole; rejects when the keeper stops first. */
  untilWhole(): Promise<void> {
    return this.#until(() => this.isWhole);
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#stopping.signal.aborted) throw stopping();
      await once(this.#events, 'change');
    }
  }

  async #verify(response: IncomingMessage, epoch: number): Promise<void> {
    const { socket } = response; // an answer that ends meanwhile lets go of it
    if (epoch === this.#epoch) await this.#checkAfterNow();
    if (epoch !== this.#epoch || !this.isOpen) {
      response.destroy();
      throw restoring();
    }
    this.#verified.add(socket);
  }

  // A check under way may have begun before the answer that asks for one: only the next proves anything about it.
  #checkAfterNow(): Promise<void> {
    if (this.#check === undefined) return this.#startCheck();
    this.#nextCheck ??= this.#check.then(() => {
      this.#nextCheck = undefined;
      return this.#startCheck();
    });
    return this.#nextCheck;
  }

  #startCheck(): Promise<void> {
    const check = this.#readSession().finally(() => {
      if (this.#check === check) this.#check = undefined;
    });
    this.#check = check;
    return check;
  }

  // Never rejects: what it finds out is in the state.
  async #readSession(): Promise<void> {
    try {
      const session = await this.#options.source.read(false);
      if (session.id !== this.#session?.id) this.#lose('the emulator was restarted');
      else this.#isAlive = true;
    } catch (error) {
      this.#goDown(error);
    }
  }

  #lose(reason: string): void {
    if (!this.isOpen) return;
    this.#options.logger.warn({ reason }, 'the gate is closed until the emulator can be believed again');
    this.#beginEpoch();
    this.#set('restoring', false);
    this.suspect();
  }

  #goDown(error: unknown): void {
    if (isRefusal(error)) this.#mayBeReborn = true;
    if (!this.isOpen) return;
    this.#options.logger.warn({ reason: reasonOf(error) }, "the emulator can't be reached");
    this.#recovery?.pause();
    this.#set('upstream-down', false);
    this.suspect();
  }

  /** From here on nothing is believed that began before. */
  #beginEpoch(): void {
    this.#epoch += 1;
    this.#session = null;
    this.#verified = new WeakSet();
    this.#recovery?.pause();
    this.#events.emit('change');
  }

  #open(): void {
    this.#set(this.#recovery && !this.#recovery.isDone ? 'restoring' : 'ready', true);
  }

  #set(state: KeeperState, isOpen: boolean): void {
    if (this.#state === state && this.#isOpen === isOpen) return;
    this.#state = state;
    this.#isOpen = isOpen;
    this.#events.emit('change');
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      if (!this.isOpen) await this.#reopen();
      if (this.isOpen && !this.isWhole) this.#recovery?.goOn();
      if (this.#isPoked || !this.isOpen) {
        this.#isPoked = false;
        if (!this.isOpen) await delay(this.#retryMs, undefined, { signal }).catch(() => {});
      } else {
        await this.#pause();
      }
      // Traffic on verified connections shows life; only silence is probed.
      if (this.isOpen && (this.#isPoked || !this.#isAlive)) await this.#checkAfterNow();
      this.#isAlive = false;
    }
    this.#events.emit('change');
  }

  /** Waits for the probe's time or for a poke. */
  async #pause(): Promise<void> {
    const done = new AbortController();
    const stop = AbortSignal.any([done.signal, this.#stopping.signal]);
    await Promise.race([
      delay(this.#options.probeMs, undefined, { signal: stop }),
      once(this.#events, 'poke', { signal: stop }),
    ]).catch(() => {});
    done.abort();
  }

  async #reopen(): Promise<void> {
    const { source, recover, logger } = this.#options;
    try {
      const session = await source.read(this.#mayBeReborn);
      this.#mayBeReborn = false;
      if (this.#stopping.signal.aborted) return;
      if (session.id === this.#session?.id) {
        logger.info('the emulator answers again');
        this.#open();
        return;
      }
      this.#beginEpoch();
      await this.#work.untilIdle(this.#options.cutConnections, this.#stopping.signal);
      await this.#recovery?.untilIdle();
      this.#recovery = undefined;
      this.#set('restoring', false);
      const recovery = await recover(session, { epoch: this.#epoch, signal: this.#stopping.signal });
      // All calls of the recovery went to the process of this session: it was there before and is there after. The calls
      // that are still to come are believed by connection.
      if ((await source.read(false)).id !== session.id) throw new Error('the emulator was restarted meanwhile');
      if (this.#stopping.signal.aborted) return;
      this.#session = session;
      this.#recovery = recovery && this.#createRun(recovery);
      this.#retryMs = minRetryMs;
      this.#open();
    } catch (error) {
      if (isRefusal(error)) this.#mayBeReborn = true;
      this.#retryMs = isRefusal(error) ? minRetryMs : Math.min(this.#retryMs * 2, maxRetryMs);
      logger.debug({ reason: reasonOf(error) }, 'the emulator is not ready');
      if (error instanceof KeepsakeError && error.kind !== 'retry')
        logger.error({ err: error }, "the emulator can't be filled");
      this.#set('upstream-down', false);
    }
  }

  #createRun(recovery: Recovery): RecoveryRun {
    const epoch = this.#epoch;
    return new RecoveryRun(recovery, {
      logger: this.#options.logger,
      stopping: this.#stopping.signal,
      isStillTrue: () => this.confirm(epoch),
      onDone: () => {
        if (this.isOpen && this.#epoch === epoch) this.#open();
      },
      onEnd: () => this.suspect(),
    });
  }
}

// A restarting emulator listens again within seconds, and asking costs nothing; a filling that fails costs a filling.
const minRetryMs = 100;
const maxRetryMs = 3_000;

export function restoring(): KeepsakeError {
  return new KeepsakeError('KeeperRestoring', {
    what: 'The emulator was restarted and is being filled with what was acknowledged',
    remedy: 'Try again in a moment.',
  });
}

function stopping(): KeepsakeError {
  return new KeepsakeError('KeeperRestoring', { what: 'The keeper stops', remedy: 'Try again in a moment.' });
}

// Nobody is there: a container that is down has no name and no way to it either.
const absent: ReadonlySet<unknown> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'],
]);

function isRefusal(error: unknown): boolean {
  const root = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return root instanceof Error && 'code' in root && absent.has(root.code);
}
