// The messages between the runner and a test process.

/** Runs some tests of the file, in this order, until one fails. */
export interface Ask {
  /** Mutant that is on meanwhile; 0: none. */
  readonly mutant: number;
  readonly tests: readonly number[];
  /** For each test, how long it may take with all around it, in milliseconds. */
  readonly boundsMs: readonly number[];
  /** Whether to run on after a failure and to tell what each test met. */
  readonly isBaseline: boolean;
}

export interface TestResult {
  readonly test: number;
  readonly fault: string | null;
  readonly ms: number;
  /** Mutants that were met, in this process or another; only in a baseline. */
  readonly hits: readonly number[];
}

export type Tell =
  | { readonly kind: 'loaded'; readonly names: readonly string[]; readonly hits: readonly number[] }
  | { readonly kind: 'failed-to-load'; readonly fault: string }
  | {
      readonly kind: 'ran';
      readonly results: readonly TestResult[];
      /** Met outside of any test: while loading and around all tests. */
      readonly hits: readonly number[];
      /** A test hung, or something failed that no test awaited: the process is not to be used any more. */
      readonly isSpent: boolean;
    };
