import type { NdbClientOptions } from '../client/options.js';
import type { Clock } from '../clock.js';

/** How `createTestNdb` sets up its server and client. All have defaults. */
export interface TestNdbOptions {
  /**
   * The server to behave like. `rx-nemesisdb` (the default) takes request ids and pushes events. `nemesisdb` does neither, so the
   * client uses fences and probes.
   */
  readonly server?: 'rx-nemesisdb' | 'nemesisdb';
  /** Milliseconds between two sweeps of the server. Default 5000, as NemesisDB's. */
  readonly sweepInterval?: number;
  /**
   * Where time comes from. Default: a `TestClock`, which `advance` moves. With `systemClock` the fake timers of vitest or Jest
   * move it, and with `schedulerClock(scheduler)` a `TestScheduler`.
   */
  readonly clock?: Clock;
  /** Options of the client. */
  readonly client?: Omit<NdbClientOptions, 'clock'>;
}
