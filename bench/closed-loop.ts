/** One piece of work: starts it, and calls `done` when it has ended. */
export type Issue = (index: number, done: () => void) => void;

/** Keeps `inFlight` pieces of work going until `count` have ended. Each one's end starts the next. */
export function closedLoop(count: number, inFlight: number, issue: Issue): Promise<void> {
  return new Promise((resolve) => {
    let started = 0;
    let ended = 0;
    const done = () => {
      ended += 1;
      if (ended === count) resolve();
      else if (started < count) issue(started++, done);
    };
    for (let slot = Math.min(inFlight, count); slot > 0; slot--) issue(started++, done);
  });
}

/** What a closed loop cost. */
export interface Cost {
  /** Pieces of work a second. */
  readonly throughput: number;
  /** Microseconds of this process's processor time for each. */
  readonly processorTime: number;
  /** Milliseconds from the start of each to its end, sorted; where asked for. */
  readonly latencies: readonly number[];
}

/** A closed loop to be measured. */
export interface Loop {
  readonly count: number;
  readonly inFlight: number;
  readonly issue: Issue;
  /** Whether to take the time of each piece of work: that costs some itself. */
  readonly withLatencies?: boolean;
}

/** Runs a closed loop and measures it. */
export async function measureLoop({ count, inFlight, issue, withLatencies = false }: Loop): Promise<Cost> {
  const latencies: number[] = [];
  const timed: Issue = (index, done) => {
    const started = performance.now();
    issue(index, () => {
      latencies.push(performance.now() - started);
      done();
    });
  };
  const processorBefore = process.cpuUsage();
  const started = performance.now();
  await closedLoop(count, inFlight, withLatencies ? timed : issue);
  const elapsed = performance.now() - started;
  const { user, system } = process.cpuUsage(processorBefore);
  return {
    throughput: (count / elapsed) * 1000,
    processorTime: (user + system) / count,
    latencies: latencies.sort((a, b) => a - b),
  };
}
