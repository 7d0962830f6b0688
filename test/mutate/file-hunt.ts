// Hunts mutants with the tests of one file. The process stays warm from one mutant to the next. A kill counts only when the
// failed test passes again without the mutant: nothing that a mutant left behind may kill the next one.
import type { Mutant } from './mutant.ts';
import type { Ran, TestSession } from './test-session.ts';

export interface FileHunt {
  /** Duration of the whole file without a mutant. */
  readonly ms: number;
  /** Tests that fail without a mutant, with the reason: they can't tell anything. */
  readonly failing: readonly string[];
  /** Whether any test meets the mutant. */
  reaches(mutant: Mutant): boolean;
  /** The test that notices the mutant; null when none does. */
  hunt(mutant: Mutant): Promise<string | null>;
  end(): Promise<void>;
}

/** Starts the process of the test file with a mutant on from its first line on; 0: none. */
export type StartSession = (mutant: number) => TestSession;

const firstBoundMs = 120_000;
/** Above this a new process is cheaper than to run the test once more. */
const dearMs = 600;

interface Baseline {
  readonly names: readonly string[];
  readonly times: readonly number[];
  readonly failing: ReadonlyMap<number, string>;
  readonly hitsOfTest: readonly ReadonlySet<number>[];
  /** Met while the modules load: only a new process shows these. */
  readonly hitsOfLoad: ReadonlySet<number>;
  /** Met around all tests. */
  readonly hitsAround: ReadonlySet<number>;
}

/** Runs the file without a mutant. Null when it can't be loaded. */
export async function startFileHunt(start: StartSession): Promise<FileHunt | null> {
  const startedAt = performance.now();
  let session = start(0);
  const loaded = await session.loaded();
  let tests = loaded?.names.map((_, index) => index) ?? [];
  const runs: Ran[] = [];
  while (loaded && tests.length > 0) {
    const ran = await session.run({ mutant: 0, tests, boundsMs: tests.map(() => firstBoundMs), isBaseline: true });
    if (ran) runs.push(ran);
    if (ran && !ran.isSpent) break;
    // A test that hangs takes its process along; those after it get a new one.
    const last = ran?.results.at(-1)?.test ?? tests[0] ?? 0;
    tests = tests.filter((test) => test > last);
    await session.end();
    session = start(0);
    await session.loaded();
  }
  const ms = performance.now() - startedAt;
  if (!loaded) {
    await session.end();
    return null;
  }
  const baseline = baselineOf(loaded.names, loaded.hits, runs);
  const hunter = new Hunter(baseline, start, session);
  return {
    ms,
    failing: [...baseline.failing].map(([test, fault]) => `${baseline.names[test]}: ${fault}`),
    reaches: ({ id }) => hunter.testsThatMeet(id).length > 0,
    hunt: ({ id }) => hunter.hunt(id),
    end: () => hunter.end(),
  };
}

function baselineOf(names: readonly string[], hitsOfLoad: readonly number[], runs: readonly Ran[]): Baseline {
  const results = runs.flatMap((run) => run.results);
  const of = <T>(pick: (result: Ran['results'][number] | undefined) => T) =>
    names.map((_, test) => pick(results.find((result) => result.test === test)));
  const failing = names.flatMap((_, test): [number, string][] => {
    const result = results.find((one) => one.test === test);
    const fault = result ? result.fault : 'did not run';
    return fault === null ? [] : [[test, fault]];
  });
  return {
    names,
    times: of((result) => result?.ms ?? 0),
    failing: new Map(failing),
    hitsOfTest: of((result) => new Set(result?.hits)),
    hitsOfLoad: new Set(hitsOfLoad),
    hitsAround: new Set(runs.flatMap(({ hits }) => hits)),
  };
}

class Hunter {
  readonly #baseline: Baseline;
  readonly #start: StartSession;
  #session: TestSession | undefined;
  #hasKilled = false;
  /** Whether tests need those before them in the file. */
  #isOrdered = false;
  readonly #passAlone = new Set<number>();
  readonly #unsteady = new Set<number>();

  constructor(baseline: Baseline, start: StartSession, session: TestSession) {
    this.#baseline = baseline;
    this.#start = start;
    this.#session = session;
  }

  /** The tests to ask, in the order to ask them. */
  testsThatMeet(mutant: number): readonly number[] {
    const { names, failing, hitsAround, hitsOfLoad, hitsOfTest, times } = this.#baseline;
    const meetsAll = hitsAround.has(mutant) || hitsOfLoad.has(mutant);
    const good = names.map((_, test) => test).filter((test) => !failing.has(test) && !this.#unsteady.has(test));
    const meeting = good.filter((test) => meetsAll || hitsOfTest[test]?.has(mutant));
    const last = meeting.at(-1);
    if (this.#isOrdered && last !== undefined) return good.filter((test) => test <= last);
    return meeting.toSorted((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
  }

  async hunt(mutant: number): Promise<string | null> {
    const isOfLoad = this.#baseline.hitsOfLoad.has(mutant);
    const before = this.#isOrdered;
    const killer = await (isOfLoad ? this.#huntAfresh(mutant) : this.#huntWarm(mutant));
    return this.#isOrdered === before ? killer : await this.hunt(mutant);
  }

  async end(): Promise<void> {
    await this.#session?.end();
    this.#session = undefined;
    this.#hasKilled = false;
  }

  // A process of its own, with the mutant on from its first line on.
  async #huntAfresh(mutant: number): Promise<string | null> {
    const session = this.#start(mutant);
    try {
      if (!(await session.loaded())) return 'the file loads';
      const ran = await this.#ask(session, mutant, this.testsThatMeet(mutant));
      const failed = failedIn(ran);
      if (failed === null || failed === 'ended') return failed;
      return (await this.#isSteady(failed)) ? this.#nameOf(failed) : null;
    } finally {
      await session.end();
    }
  }

  async #huntWarm(mutant: number): Promise<string | null> {
    const tests = this.testsThatMeet(mutant);
    if (tests.length === 0) return null;
    const wasClean = !this.#hasKilled;
    const session = await this.#warm();
    const ran = await this.#ask(session, mutant, tests);
    const failed = failedIn(ran);
    if (failed === null) return null;
    this.#hasKilled = true;
    if (failed === 'ended' || ran?.isSpent || this.#isOrdered) await this.end();
    if (!wasClean && (failed === 'ended' || ran?.isSpent)) return await this.#huntWarm(mutant); // now in a new process
    if (failed === 'ended') return failed;
    return await this.#confirm(mutant, failed, wasClean);
  }

  async #confirm(mutant: number, failed: number, wasClean: boolean): Promise<string | null> {
    const isDear = (this.#baseline.times[failed] ?? 0) > dearMs;
    if (this.#isOrdered || (wasClean && this.#passAlone.has(failed) && isDear)) {
      await this.end();
      return this.#nameOf(failed);
    }
    if (this.#session && failedIn(await this.#ask(this.#session, 0, [failed])) === null) {
      this.#passAlone.add(failed);
      return this.#nameOf(failed);
    }
    await this.end();
    if (!(await this.#isSteady(failed))) return await this.#huntWarm(mutant);
    return wasClean ? this.#nameOf(failed) : await this.#huntWarm(mutant);
  }

  // Whether a test passes alone, in a new process; where it doesn't, whether it does after those before it.
  async #isSteady(test: number): Promise<boolean> {
    if (this.#passAlone.has(test) || this.#isOrdered) return true;
    await this.end();
    if (failedIn(await this.#ask(await this.#warm(), 0, [test])) === null) {
      this.#passAlone.add(test);
      return true;
    }
    await this.end();
    const before = this.#baseline.names
      .map((_, index) => index)
      .filter((index) => index <= test && !this.#baseline.failing.has(index));
    if (failedIn(await this.#ask(await this.#warm(), 0, before)) === null) this.#isOrdered = true;
    else this.#unsteady.add(test);
    await this.end();
    return false;
  }

  async #warm(): Promise<TestSession> {
    if (this.#session?.isOver) await this.end();
    if (!this.#session) {
      this.#session = this.#start(0);
      await this.#session.loaded();
    }
    return this.#session;
  }

  #ask(session: TestSession, mutant: number, tests: readonly number[]): Promise<Ran | null> {
    const boundsMs = tests.map((test) => 5_000 + 6 * (this.#baseline.times[test] ?? 0));
    return session.run({ mutant, tests, boundsMs, isBaseline: false });
  }

  #nameOf(test: number): string {
    return this.#baseline.names[test] ?? String(test);
  }
}

/** The test that failed; null: none; `ended`: the process is gone, or answers no more. */
function failedIn(ran: Ran | null): number | 'ended' | null {
  if (!ran) return 'ended';
  const failed = ran.results.find(({ fault }) => fault !== null);
  if (failed) return failed.test;
  return ran.isSpent ? 'ended' : null;
}
