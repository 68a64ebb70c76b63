import type { JsonObject } from '../../../src/protocol/json.js';
import type { SessionSettings } from '../../../src/session/events.js';

/** A session as it is in truth. Times are the server's ms. */
export interface TrueSession {
  readonly tkn: bigint;
  readonly settings: SessionSettings;
  deadline: number;
  keys: number;
}

/** Something that happened in truth. */
export interface TrueEvent {
  readonly what: 'lapsed' | 'cleared' | 'ended' | 'touched' | 'created' | 'lost' | 'loaded';
  readonly tkn: bigint;
  /** Who did it. */
  readonly by: Actor;
  readonly at: number;
}

export type Actor = 'us' | 'other' | 'server';

/** A NemesisDB whose time a test owns, and which remembers what happened. */
export class SimulatedServer {
  readonly sessions = new Map<bigint, TrueSession>();
  readonly events: TrueEvent[] = [];
  /** Whether requests arrive. */
  executes = true;
  #nextSweep: number;
  #saved: readonly TrueSession[] = [];
  #actor: Actor = 'server';
  #nextToken = 11_000_000_000_000_000_001n;

  constructor(
    private readonly time: () => number,
    readonly sweepInterval = 5000,
    firstSweep = 5000,
  ) {
    this.#nextSweep = time() + firstSweep;
  }

  /** Lets what is due happen. */
  catchUp(): void {
    for (const now = this.time(); this.#nextSweep <= now; this.#nextSweep += this.sweepInterval) {
      this.#sweep(this.#nextSweep);
    }
  }

  /** The next look for expired sessions comes later by so much. */
  stall(ms: number): void {
    this.catchUp();
    this.#nextSweep += ms;
  }

  /** All sessions are lost, and looks begin anew. */
  restart(): void {
    this.catchUp();
    this.#actor = 'server';
    for (const { tkn } of this.sessions.values()) this.#note('lost', tkn, this.time());
    this.sessions.clear();
    this.#nextSweep = this.time() + this.sweepInterval;
  }

  /** Saves all sessions to a dataset. */
  save(): void {
    this.catchUp();
    this.#saved = [...this.sessions.values()].map((session) => ({ ...session }));
  }

  /** Loads those that are not there from the dataset: their durations begin anew. */
  load(): void {
    this.catchUp();
    this.#actor = 'other';
    for (const saved of this.#saved) {
      const { tkn, settings } = saved;
      if (this.sessions.has(tkn)) continue;
      const deadline = settings.duration === 0 ? Number.POSITIVE_INFINITY : wrapped(this.time() + settings.duration);
      this.sessions.set(tkn, { ...saved, deadline });
      this.#note('loaded', tkn, this.time());
    }
  }

  /** Executes a command, and gives its reply. */
  execute(command: string, members: JsonObject, by: Actor = 'other'): JsonObject {
    this.catchUp();
    this.#actor = by;
    if (!this.executes) return {};
    if (command === 'SH_NEW') return this.#create(members);
    if (command === 'SH_END_ALL') {
      const cnt = this.sessions.size;
      for (const tkn of [...this.sessions.keys()]) this.#end(tkn);
      return { st: 1, cnt };
    }
    if (command === 'SH_EXISTS') {
      return { st: 1, exist: (members.tkns as bigint[]).filter((tkn) => this.sessions.has(tkn)) };
    }
    const session = this.sessions.get(members.tkn as bigint);
    if (session === undefined) return { st: 100, m: '', tkn: null };
    return this.#bound(command, members, session);
  }

  #bound(command: string, members: JsonObject, session: TrueSession): JsonObject {
    const { settings, tkn } = session;
    switch (command) {
      case 'SH_SET':
      case 'SH_ADD':
        session.keys = Math.max(session.keys, Object.keys(members.keys as object).length);
        if (settings.extendOnSetAdd) this.#touch(session);
        return { st: 1 };
      case 'SH_GET':
        if (settings.extendOnGet) this.#touch(session);
        return { st: 1, keys: session.keys > 0 && (members.keys as string[]).length > 0 ? { a: 1 } : {} };
      case 'SH_CLEAR': {
        const cnt = session.keys;
        session.keys = 0;
        return { st: 1, cnt };
      }
      case 'SH_COUNT':
        return { st: 1, cnt: session.keys };
      case 'SH_END':
        this.#end(tkn);
        return { st: 1, tkn };
      case 'SH_INFO': {
        const common = { st: 1, tkn, shared: false, keyCnt: session.keys };
        if (settings.duration === 0) return { ...common, expires: false };
        const { deleteSession, extendOnSetAdd, extendOnGet } = settings;
        const remaining = Math.trunc((session.deadline - this.time()) / 1000) + 0;
        const duration = settings.duration / 1000;
        return {
          ...common,
          expires: true,
          expiry: { duration, remaining, deleteSession, extendOnSetAdd, extendOnGet },
        };
      }
      default:
        return { st: 10, m: '', tkn: null };
    }
  }

  #create({ expiry }: JsonObject): JsonObject {
    const tkn = this.#nextToken++;
    const settings = settingsOf(expiry as JsonObject | undefined);
    const deadline = settings.duration === 0 ? Number.POSITIVE_INFINITY : wrapped(this.time() + settings.duration);
    this.sessions.set(tkn, { tkn, settings, deadline, keys: 0 });
    this.#note('created', tkn, this.time());
    return { st: 1, tkn };
  }

  #touch(session: TrueSession): void {
    session.deadline = wrapped(this.time() + session.settings.duration);
    this.#note('touched', session.tkn, this.time());
  }

  #end(tkn: bigint): void {
    this.sessions.delete(tkn);
    this.#note('ended', tkn, this.time());
  }

  #sweep(at: number): void {
    this.#actor = 'server';
    for (const session of [...this.sessions.values()]) {
      if (session.deadline >= at) continue;
      if (session.settings.deleteSession) {
        this.sessions.delete(session.tkn);
        this.#note('lapsed', session.tkn, at);
      } else {
        session.keys = 0;
        session.deadline = wrapped(at + session.settings.duration);
        this.#note('cleared', session.tkn, at);
      }
    }
  }

  #note(what: TrueEvent['what'], tkn: bigint, at: number): void {
    this.events.push({ what, tkn, at, by: this.#actor });
  }
}

/** Servers count nanoseconds in 64 bits. */
function wrapped(ms: number): number {
  const all = 2 ** 64 / 1e6;
  return ms - Math.round(ms / all) * all;
}

function settingsOf(expiry: JsonObject | undefined): SessionSettings {
  return {
    duration: Number(expiry?.duration ?? 0) * 1000,
    deleteSession: expiry?.deleteSession === true,
    extendOnSetAdd: expiry?.extendOnSetAdd === true,
    extendOnGet: expiry?.extendOnGet === true,
  };
}
