import type { Happening } from './happenings.js';
import { Observed } from './observed.js';
import type { World } from './world.js';

/** Lets things happen, one after the other. */
export class Scenario {
  readonly observed: Observed[] = [];
  /** When something came in the way of being told, and whether all worked again from then on. */
  readonly troubles: { readonly at: number; readonly works: boolean }[] = [];

  constructor(
    readonly world: World,
    private readonly options: {
      readonly jumps: 'sleep' | 'set-back';
      /** Whether datasets are loaded. */
      readonly loads: boolean;
      /** Whether what is known is looked at all the time. */
      readonly glances: boolean;
    },
  ) {}

  /** Notes each touch of `keepAlive` with its session. */
  #noteTouches(): void {
    this.world.touching = (tkn) => this.observed.find(({ session }) => session.tkn === tkn)?.touched();
  }

  play(list: readonly Happening[]): this {
    this.#noteTouches();
    for (const happening of list) {
      this.#happen(happening);
      this.#glance();
    }
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
        return this.#wait(happening.ms);
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
        return this.options.loads ? world.server.load() : undefined;
      case 'lose':
        world.losing = happening.on;
        return;
      case 'jump':
        // Not both in one history: a clock set back just as the machine sleeps hides the sleep.
        return this.options.jumps === 'sleep' ? world.clock.sleep(happening.ms) : world.clock.setWall(-happening.ms);
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
    if (!this.options.loads) return;
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
    const { tkn } = observed.session;
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
      case 'give-up':
        return this.#giveUp(tkn, happening.with);
      case 'give-up-unseen':
        return this.#giveUpUnseen(observed, happening);
    }
    const members =
      happening.do === 'set' ? { tkn, keys: { a: 1 } } : happening.do === 'get' ? { tkn, keys: ['a'] } : { tkn };
    const command = `SH_${happening.do.toUpperCase()}`;
    if (happening.by === 'us') this.#send(command, members);
    else this.world.other(command, members);
  }

  /** What is known is looked at several times. */
  #wait(ms: number): void {
    for (let step = 0; step < 5; step++) {
      this.world.clock.advance(ms / 5);
      this.#glance();
    }
  }

  #glance(): void {
    if (!this.options.glances) return;
    for (const observed of this.observed) observed.glance();
  }

  /** While nobody follows. Somebody does from then on. */
  #giveUpUnseen(observed: Observed, { with: touch, there }: Extract<Happening, { do: 'give-up-unseen' }>): void {
    const { latency } = this.world;
    const usual = latency.there;
    observed.unfollow();
    observed.leave();
    latency.there = there;
    this.#giveUp(observed.session.tkn, touch);
    latency.there = usual;
    observed.follow();
  }

  #giveUp(tkn: bigint, touch: 'set' | 'get'): void {
    const command = touch === 'set' ? 'SH_SET' : 'SH_GET';
    const request = this.world.command(command, { tkn, keys: [] }).subscribe({ error: () => {} });
    // It was written.
    this.world.clock.advance(1);
    request.unsubscribe();
  }

  #send(command: string, members: Parameters<World['command']>[1]): void {
    this.world.command(command, members).subscribe({ error: () => {} });
  }
}
