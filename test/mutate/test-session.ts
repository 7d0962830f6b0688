// A test process as the runner sees it: asked for one run at a time, ended with all it started when it hangs or is spent.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Ask, Tell } from './messages.ts';

export interface SessionOptions {
  /** Root of the sandbox. */
  readonly folder: string;
  readonly testFile: string;
  /** The values of `inject`, by name. */
  readonly provided: Readonly<Record<string, unknown>>;
  /** A mutant that is on from the first line on; 0: none. */
  readonly mutant: number;
  /** For temporary files; emptied when the session ends. */
  readonly temporary: string;
}

export type Ran = Extract<Tell, { kind: 'ran' }>;
export type Loaded = Extract<Tell, { kind: 'loaded' }>;

/** Beyond the bounds of its tests a process has so long to begin and to end. */
const graceMs = 30_000;

export class TestSession {
  readonly #child: ChildProcess;
  readonly #temporary: string;
  #isOver = false;

  constructor({ folder, testFile, provided, mutant, temporary }: SessionOptions) {
    mkdirSync(temporary, { recursive: true });
    this.#temporary = temporary;
    const inSandbox = path.join(folder, 'test/mutate/sandbox');
    this.#child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        '--import',
        path.join(inSandbox, 'resolve.ts'),
        path.join(inSandbox, 'test-process.ts'),
        path.join(folder, testFile),
      ],
      {
        cwd: folder,
        detached: true,
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        env: {
          ...process.env,
          TMPDIR: temporary,
          VITEST: 'true',
          MUTANT_ON: String(mutant),
          MUTANT_HITS_FILE: path.join(temporary, 'hits'),
          MUTANT_PROVIDED: JSON.stringify(provided),
        },
      },
    );
    this.#child.once('exit', () => {
      this.#isOver = true;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves when the test file is loaded; null when it can't be. */
  async loaded(): Promise<Loaded | null> {
    const tell = await this.#answer(graceMs);
    return tell?.kind === 'loaded' ? tell : null;
  }

  /** Resolves with what came of it; null when the process ended or hung. */
  async run(ask: Ask): Promise<Ran | null> {
    if (this.#isOver) return null;
    this.#child.send(ask);
    const tell = await this.#answer(ask.boundsMs.reduce((sum, ms) => sum + ms, graceMs));
    return tell?.kind === 'ran' ? tell : null;
  }

  /** Ends it with all its children. */
  async end(): Promise<void> {
    const { pid } = this.#child;
    if (pid !== undefined) {
      const exited = this.#isOver ? undefined : once(this.#child, 'exit');
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // nobody of the group is left
      }
      await exited;
    }
    rmSync(this.#temporary, { recursive: true, force: true, maxRetries: 3 });
  }

  async #answer(boundMs: number): Promise<Tell | null> {
    if (this.#isOver) return null;
    return await new Promise((resolve) => {
      const finish = (tell: Tell | null) => {
        clearTimeout(timer);
        this.#child.off('message', onMessage);
        this.#child.off('exit', onExit);
        resolve(tell);
      };
      const onMessage = (tell: unknown) => finish(tell as Tell);
      const onExit = () => finish(null);
      const timer = setTimeout(onExit, boundMs);
      this.#child.once('message', onMessage);
      this.#child.once('exit', onExit);
    });
  }
}
