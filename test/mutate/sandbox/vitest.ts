// Replaces `vitest` in the sandbox: collects the tests of a file and runs any of them again and again in one process. Vitest
// itself would need a new process each time. `expect` is vitest's own.
import { AsyncLocalStorage } from 'node:async_hooks';

export { expect } from 'vitest';

type Body = (...args: readonly never[]) => unknown;
type Hooks = Record<'beforeAll' | 'afterAll' | 'beforeEach' | 'afterEach', Body[]>;

export interface Suite {
  readonly parent: Suite | undefined;
  readonly hooks: Hooks;
  isStarted: boolean;
}
export interface Test {
  readonly name: string;
  readonly suite: Suite;
  readonly body: () => unknown;
}

const newSuite = (parent: Suite | undefined): Suite => ({
  parent,
  hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
  isStarted: false,
});

let collected: { root: Suite; tests: Test[] };
let current: Suite;
const finishers = new AsyncLocalStorage<Body[]>();

/** Imports a test file anew; its tests in the order of the file. */
export async function collect(url: string): Promise<readonly Test[]> {
  current = newSuite(undefined);
  collected = { root: current, tests: [] };
  await import(url);
  return collected.tests;
}

type Args = readonly [string, ...unknown[]];
const bodyOf = (rest: readonly unknown[]): Body => {
  const body = rest.find((one) => typeof one === 'function');
  if (!body) throw new Error('a test without a body');
  return body as Body;
};
const rowsOf = (table: readonly unknown[]): readonly (readonly unknown[])[] =>
  table.every(Array.isArray) ? (table as unknown[][]) : table.map((row) => [row]);

function addTest(name: string, ...rest: readonly unknown[]): void {
  const body = bodyOf(rest) as () => unknown;
  collected.tests.push({ name, suite: current, body });
}
export const test = Object.assign(addTest, {
  each:
    (table: readonly unknown[]) =>
    (...[name, ...rest]: Args) =>
      rowsOf(table).forEach((row, index) => {
        const body = bodyOf(rest) as (...args: readonly unknown[]) => unknown;
        addTest(`${name} #${index}`, () => body(...row));
      }),
  skip: () => {},
});
export const it = test;

function addSuite(_name: string, ...rest: readonly unknown[]): void {
  const around = current;
  current = newSuite(around);
  (bodyOf(rest) as () => void)();
  current = around;
}
export const describe = Object.assign(addSuite, {
  each:
    (table: readonly unknown[]) =>
    (...[name, ...rest]: Args) => {
      const body = bodyOf(rest) as (...args: readonly unknown[]) => void;
      for (const row of rowsOf(table)) addSuite(name, () => body(...row));
    },
  skip: () => {},
});

export const beforeAll = (body: Body) => void current.hooks.beforeAll.push(body);
export const afterAll = (body: Body) => void current.hooks.afterAll.push(body);
export const beforeEach = (body: Body) => void current.hooks.beforeEach.push(body);
export const afterEach = (body: Body) => void current.hooks.afterEach.push(body);
export const onTestFinished = (body: Body) => void finishers.getStore()?.push(body);
export const inject = (name: string): unknown => JSON.parse(process.env.MUTANT_PROVIDED ?? '{}')[name];

const pathTo = (suite: Suite): readonly Suite[] => (suite.parent ? [...pathTo(suite.parent), suite] : [suite]);

/** Starts the suites around a test unless they are, which is what `beforeAll` is for. */
export async function startSuites({ suite }: Test): Promise<void> {
  for (const one of pathTo(suite)) {
    if (one.isStarted) continue;
    one.isStarted = true;
    for (const hook of one.hooks.beforeAll) {
      const end = await call(hook);
      if (typeof end === 'function') one.hooks.afterAll.unshift(end as Body);
    }
  }
}

/** Ends all suites that are started, innermost first; resolves with the first fault. */
export async function endSuites(tests: readonly Test[]): Promise<unknown> {
  const suites = [...new Set(tests.flatMap(({ suite }) => pathTo(suite)))]
    .filter(({ isStarted }) => isStarted)
    .reverse();
  const faults: unknown[] = [];
  for (const suite of suites) {
    suite.isStarted = false;
    for (const hook of suite.hooks.afterAll.toReversed())
      await call(hook).catch((fault: unknown) => faults.push(fault));
  }
  return faults[0];
}

/** Runs one test with what stands around it. @throws what made it fail */
export async function runTest({ suite, body }: Test): Promise<void> {
  const suites = pathTo(suite);
  const ends: Body[] = [];
  const faults: unknown[] = [];
  const attempt = (one: Body) => call(one).catch((fault: unknown) => void faults.push(fault));
  await finishers.run(ends, async () => {
    for (const { hooks } of suites)
      for (const hook of hooks.beforeEach) {
        const end = await attempt(hook);
        if (typeof end === 'function') ends.push(end as Body);
      }
    if (faults.length === 0) await attempt(body);
    for (const { hooks } of suites.toReversed()) for (const hook of hooks.afterEach.toReversed()) await attempt(hook);
    for (const end of ends.toReversed()) await attempt(end);
  });
  if (faults.length > 0) throw faults[0];
}

async function call(body: Body): Promise<unknown> {
  return await (body as () => unknown)();
}
