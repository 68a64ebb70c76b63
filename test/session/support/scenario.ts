import * as fc from 'fast-check';
import { Observed } from './observed.js';
import type { World } from './world.js';

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
  ),
  { minLength: 1, maxLength: 40 },
);

/** Lets things happen, one after the other. */
export class Scenario {
  readonly observed: Observed[] = [];
  /** When something came in the way of being told, and whether all worked again from then on. */
  readonly troubles: { readonly at: number; readonly works: boolean }[] = [];

  constructor(
    readonly world: World,
    private readonly jumps: 'sleep' | 'set-back',
    private readonly loads: boolean,
  ) {}

  /** Notes each touch of `keepAlive` with its session. */
  #noteTouches(): void {
    this.world.touching = (tkn) => this.observed.find(({ session }) => session.tkn === tkn)?.touched();
  }

  play(list: readonly Happening[]): this {
    this.#noteTouches();
    for (const happening of list) this.#happen(happening);
    return this;
  }

  /** All works again, and there is time to find out. */
  settle(): void {
    this.world.losing = false;
    this.world.reconnect();
    this.#note(true);
    this.world.clock.advance(110_000);
  }

  #note(works: boolean): void {
    this.troubles.push({ at: this.world.clock.outside(), works });
  }

  #happen(happening: Happening) {
    if (['create', 'wait', 'set', 'get', 'count', 'save'].includes(happening.do)) return this.#do(happening);
    this.#note(false);
    this.#do(happening);
    this.#note(this.world.connected && !this.world.losing);
  }

  #do(happening: Happening) {
    const { world } = this;
    switch (happening.do) {
      case 'create':
        return this.#create(happening);
      case 'wait':
        return world.clock.advance(happening.ms);
      case 'end-all':
        return happening.by === 'us' ? this.#send('SH_END_ALL', {}) : world.other('SH_END_ALL', {});
      case 'disconnect':
        return world.disconnect();
      case 'reconnect':
        return world.reconnect();
      case 'restart':
        world.disconnect();
        return world.server.restart();
      case 'save':
        return world.server.save();
      case 'reload':
        return this.#reload();
      case 'load':
        return this.loads ? world.server.load() : undefined;
      case 'lose':
        world.losing = happening.on;
        return;
      case 'jump':
        // Not both in one history: a clock set back just as the machine sleeps hides the sleep.
        return this.jumps === 'sleep' ? world.clock.sleep(happening.ms) : world.clock.setWall(-happening.ms);
      case 'stall':
        return world.server.stall(happening.ms);
      case 'latency':
        world.latency.there = happening.there;
        world.latency.back = happening.back;
        return;
      default:
        return this.#happenTo(happening);
    }
  }

  /** The server restarts, with what it held. */
  #reload(): void {
    if (!this.loads) return;
    this.world.server.save();
    this.world.disconnect();
    this.world.server.restart();
    this.world.server.load();
  }

  #create({ seconds, flags, filled }: Extract<Happening, { do: 'create' }>): void {
    const { world } = this;
    if (!world.connected || world.losing || this.observed.length >= 6) return;
    const session = world.create({
      seconds,
      deleteSession: (flags & 1) > 0,
      extendOnSetAdd: (flags & 2) > 0,
      extendOnGet: (flags & 4) > 0,
    });
    const observed = new Observed(world, session);
    this.observed.push(observed);
    observed.follow();
    if (filled) this.#send('SH_SET', { tkn: session.tkn, keys: { a: 1 } });
  }

  #happenTo(happening: Extract<Happening, { which: number }>) {
    const observed = this.observed[happening.which];
    if (observed === undefined) return;
    switch (happening.do) {
      case 'follow':
        return observed.follow();
      case 'unfollow':
        return observed.unfollow();
      case 'attach':
        return observed.attach();
      case 'leave':
        return observed.leave();
      case 'keep-alive':
        return observed.keepAlive(happening.until);
      case 'count-down':
        return observed.countDown(happening.until);
      case 'state':
        return observed.watchState(happening.until);
    }
    const { tkn } = observed.session;
    if (happening.do === 'give-up') {
      const command = happening.with === 'set' ? 'SH_SET' : 'SH_GET';
      const giveUp = this.world.command(command, { tkn, keys: [] }).subscribe({ error: () => {} });
      // It was written.
      this.world.clock.advance(1);
      giveUp.unsubscribe();
      return;
    }
    const members =
      happening.do === 'set' ? { tkn, keys: { a: 1 } } : happening.do === 'get' ? { tkn, keys: ['a'] } : { tkn };
    const command = `SH_${happening.do.toUpperCase()}`;
    if (happening.by === 'us') this.#send(command, members);
    else this.world.other(command, members);
  }

  #send(command: string, members: Parameters<World['command']>[1]): void {
    this.world.command(command, members).subscribe({ error: () => {} });
  }
}
