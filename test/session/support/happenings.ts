import * as fc from 'fast-check';

/** One thing that happens. `which` picks a session. */
export type Happening =
  | { readonly do: 'create'; readonly seconds: number; readonly flags: number; readonly filled: boolean }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'set' | 'get' | 'clear' | 'end' | 'count'; readonly which: number; readonly by: 'us' | 'other' }
  | { readonly do: 'end-all'; readonly by: 'us' | 'other' }
  | { readonly do: 'disconnect' | 'reconnect' | 'restart' }
  | { readonly do: 'lose'; readonly on: boolean }
  | { readonly do: 'jump' | 'stall'; readonly ms: number }
  | { readonly do: 'latency'; readonly there: number; readonly back: number }
  | { readonly do: 'unfollow' | 'follow' | 'attach' | 'leave'; readonly which: number; readonly by: 'us' }
  | { readonly do: 'keep-alive' | 'count-down' | 'state'; readonly which: number; readonly until: 'left' | 'event' }
  | { readonly do: 'give-up'; readonly which: number; readonly with: 'set' | 'get' }
  | { readonly do: 'give-up-unseen'; readonly which: number; readonly with: 'set' | 'get'; readonly there: number }
  | { readonly do: 'save' | 'load' | 'reload' };

const which = fc.nat(5);
const by = fc.constantFrom('us' as const, 'other' as const);

/** What may happen, and how often. */
export const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('create' as const),
        seconds: fc.constantFrom(1, 2, 3, 6, 20, 60),
        flags: fc.nat(7),
        filled: fc.boolean(),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.constantFrom(0, 1, 300, 1500, 4000, 9000, 30_000),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constantFrom('set' as const, 'get' as const, 'clear' as const, 'end' as const, 'count' as const),
        which,
        by,
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('end-all' as const), by }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom('disconnect' as const, 'reconnect' as const, 'restart' as const) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), on: fc.boolean() }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('jump' as const), ms: fc.constantFrom(20, 49, 400, 3000, 40_000) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('stall' as const), ms: fc.constantFrom(100, 4000) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('latency' as const),
        there: fc.constantFrom(1, 40, 700),
        back: fc.constantFrom(1, 40, 700),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('unfollow' as const, 'follow' as const, 'attach' as const, 'leave' as const),
        which,
        by: fc.constant('us' as const),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('keep-alive' as const, 'count-down' as const, 'state' as const),
        which,
        until: fc.constantFrom('left' as const, 'event' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('save' as const, 'load' as const, 'reload' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('give-up' as const),
        which,
        with: fc.constantFrom('set' as const, 'get' as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('give-up-unseen' as const),
        which,
        with: fc.constantFrom('set' as const, 'get' as const),
        there: fc.constantFrom(1, 700, 2500),
      }),
    },
  ),
  { minLength: 1, maxLength: 40 },
);
