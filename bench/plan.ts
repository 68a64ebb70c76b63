/** How much is measured. */
export interface Plan {
  /** Rounds of which the median counts. */
  readonly rounds: number;
  /** Requests of one side in one round. */
  readonly requests: number;
  /** The largest number of requests in a row. */
  readonly longRun: number;
  /** The largest number of sessions. */
  readonly manySessions: number;
  /** Only the parts whose name holds this. */
  readonly only: string;
}

/** What the command line asks for: all of it, or with `--quick` enough to see whether something went wrong. */
export function planOf(args: readonly string[]): Plan {
  const only = args.find((arg) => !arg.startsWith('--')) ?? '';
  return args.includes('--quick')
    ? { rounds: 5, requests: 20_000, longRun: 100_000, manySessions: 10_000, only }
    : { rounds: 7, requests: 100_000, longRun: 1_000_000, manySessions: 100_000, only };
}
