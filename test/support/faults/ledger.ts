import { lastValueFrom, type Observable } from 'rxjs';
import type { NdbClient } from '../../../src/index.js';
import { NdbError } from '../../../src/index.js';

/** What is tried: the twin of `INCR`, a write, a read, one of each that may be repeated or goes in parts, and sessions. */
export const kinds = ['append', 'set', 'get', 'add', 'bulk', 'new session', 'session set', 'session get'] as const;
export type Kind = (typeof kinds)[number];

/** How a call ended: with its answer, an error that tells its outcome, or by its caller. */
export const endings = ['answered', 'refused', 'not-sent', 'unknown', 'executed', 'cancelled'] as const;
export type Ending = (typeof endings)[number];

/** One call. */
export interface Operation {
  readonly kind: Kind;
  /** Which list, key or session. */
  readonly place: number;
  /** After how many ms it is unsubscribed, if ever. */
  readonly cancelAfter?: number | undefined;
}

interface Key {
  /** The last version that anybody tried to write. */
  tried: number;
  /** The last version that a server has confirmed. */
  confirmed: number;
  /** Versions of which nothing is known: they may be executed at any later time, for as long as their bytes travel. */
  readonly uncertain: Set<number>;
  /** Writes of one key are made one after the other. */
  busy: boolean;
}

interface Attempt {
  readonly item: number;
  readonly ending: Ending;
}

interface Listeners<Value> {
  readonly answered?: (value: Value) => void;
  readonly ended?: (ending: Ending) => void;
}

function endingOf(error: unknown): Ending | undefined {
  if (!(error instanceof NdbError)) return undefined;
  if (error.code === 'NDB_RESPONSE') return 'refused';
  const { outcome } = error as { outcome?: Ending }; // errors of the transport have one
  return outcome ?? 'unknown';
}

/**
 * Makes calls, keeps a book of what each was told, and compares that with what is true in the server's store. What does not
 * fit is in `broken`, one sentence each.
 */
export class FaultLedger {
  readonly broken: string[] = [];
  /** How many calls of each kind ended how. */
  readonly counts = new Map<Kind, Map<Ending, number>>(kinds.map((kind) => [kind, new Map()]));
  readonly #appends = new Map<string, Attempt[]>();
  readonly #keys = new Map<string, Key>();
  readonly #added: Attempt[] = [];
  readonly #bulks: Attempt[] = [];
  readonly #sessions: bigint[] = [];
  #sessionsTried = 0;
  #nextItem = 1;
  #underWay = 0;

  /** How many calls have not ended. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Makes one call; what comes of it goes into the book. */
  perform(client: NdbClient, { kind, place, cancelAfter }: Operation): void {
    switch (kind) {
      case 'append':
        this.#append(client, `list${place % 3}`, cancelAfter);
        return;
      case 'set':
        this.#set(client, `key${place % 5}`);
        return;
      case 'get':
        this.#get(client, `key${place % 5}`, cancelAfter);
        return;
      case 'add':
        this.#add(client, cancelAfter);
        return;
      case 'bulk':
        this.#bulk(client, cancelAfter);
        return;
      case 'new session':
        this.#newSession(client, cancelAfter);
        return;
      case 'session set':
      case 'session get': {
        const tkn = this.#sessions[place % Math.max(1, this.#sessions.length)];
        if (tkn === undefined) this.#newSession(client, cancelAfter);
        else if (kind === 'session set') this.#setOwner(client, tkn);
        else this.#getOwner(client, tkn, cancelAfter);
        return;
      }
    }
  }

  /** Waits until every call has ended. */
  async settled(within: number): Promise<void> {
    const due = performance.now() + within;
    while (this.#underWay > 0 && performance.now() < due) await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.#underWay > 0) this.broken.push(`${this.#underWay} calls never settled`);
  }

  /** Compares the book with what this client reads, which must be one that nothing hinders. */
  async audit(witness: NdbClient): Promise<void> {
    for (const [list, attempts] of this.#appends) {
      const found = await lastValueFrom(witness.kv_get({ key: list }));
      this.#auditList(list, attempts, Array.isArray(found) ? found : []);
    }
    for (const key of this.#keys.keys()) this.#checkVersion(key, await lastValueFrom(witness.kv_get({ key })), 0);
    await this.#auditKeys(witness, this.#added, (item) => [`added${item}`]);
    await this.#auditKeys(witness, this.#bulks, bulkKeys);
    await this.#auditSessions(witness);
  }

  /** Makes the lists to append to, through a client that nothing hinders. */
  async prepare(witness: NdbClient): Promise<void> {
    await lastValueFrom(witness.kv_set({ list0: [], list1: [], list2: [] }));
  }

  #append(client: NdbClient, list: string, cancelAfter: number | undefined): void {
    const item = this.#nextItem++;
    const attempts = this.#appends.get(list) ?? [];
    this.#appends.set(list, attempts);
    this.#call('append', client.kv_arr_append({ key: list, items: [item] }), cancelAfter, {
      ended: (ending) => attempts.push({ item, ending }),
    });
  }

  #set(client: NdbClient, name: string): void {
    const key = this.#keyOf(name);
    if (key.busy) return;
    key.busy = true;
    key.tried += 1;
    const version = key.tried;
    this.#call('set', client.kv_set({ [name]: `${name}#${version}` }), undefined, {
      answered: () => {
        key.confirmed = version;
      },
      ended: (ending) => {
        key.busy = false;
        if (ending === 'unknown') key.uncertain.add(version);
        if (ending === 'executed') key.confirmed = version;
      },
    });
  }

  #get(client: NdbClient, name: string, cancelAfter: number | undefined): void {
    const confirmed = this.#keyOf(name).confirmed;
    this.#call('get', client.kv_get({ key: name }), cancelAfter, {
      answered: (value) => this.#checkVersion(name, value, confirmed),
    });
  }

  #add(client: NdbClient, cancelAfter: number | undefined): void {
    const item = this.#nextItem++;
    this.#call('add', client.kv_add({ [`added${item}`]: item }), cancelAfter, {
      ended: (ending) => this.#added.push({ item, ending }),
    });
  }

  #bulk(client: NdbClient, cancelAfter: number | undefined): void {
    const item = this.#nextItem++;
    const keys = Object.fromEntries(bulkKeys(item).map((key) => [key, item]));
    this.#call('bulk', client.kv_set(keys), cancelAfter, { ended: (ending) => this.#bulks.push({ item, ending }) });
  }

  #newSession(client: NdbClient, cancelAfter: number | undefined): void {
    this.#sessionsTried += 1;
    this.#call('new session', client.sh_create_session(), cancelAfter, {
      answered: ({ tkn }) => {
        if (this.#sessions.includes(tkn)) this.broken.push('two new sessions were given one token');
        this.#sessions.push(tkn);
      },
    });
  }

  #setOwner(client: NdbClient, tkn: bigint): void {
    this.#call('session set', client.sh_set(tkn, { owner: String(tkn) }), undefined, {});
  }

  #getOwner(client: NdbClient, tkn: bigint, cancelAfter: number | undefined): void {
    this.#call('session get', client.sh_get(tkn, { key: 'owner' }), cancelAfter, {
      answered: (owner) => {
        if (owner !== undefined && owner !== String(tkn)) this.broken.push('a session was given the value of another');
      },
    });
  }

  #keyOf(name: string): Key {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key: Key = { tried: 0, confirmed: 0, uncertain: new Set(), busy: false };
    this.#keys.set(name, key);
    return key;
  }

  #checkVersion(name: string, value: unknown, confirmed: number): void {
    const key = this.#keyOf(name);
    const [owner, text] = value === undefined ? [name, '0'] : String(value).split('#');
    const version = Number(text);
    if (owner !== name) this.broken.push(`a get of ${name} was answered with a value of ${owner}`);
    else if (version > key.tried) this.broken.push(`a get of ${name} was answered with what was never written`);
    else if (version < confirmed && !key.uncertain.has(version)) {
      this.broken.push(`a get of ${name} was answered with version ${version}, after ${confirmed} was confirmed`);
    }
  }

  #auditList(list: string, attempts: readonly Attempt[], found: readonly unknown[]): void {
    const times = new Map<unknown, number>();
    for (const item of found) times.set(item, (times.get(item) ?? 0) + 1);
    for (const [item, count] of times) {
      if (count > 1) this.broken.push(`append ${item} to ${list} was executed ${count} times`);
    }
    for (const { item, ending } of attempts) {
      const isThere = times.has(item);
      if (!isThere && (ending === 'answered' || ending === 'executed')) {
        this.broken.push(`append ${item} to ${list} was told as ${ending}, and was not executed`);
      }
      if (isThere && (ending === 'not-sent' || ending === 'refused')) {
        this.broken.push(`append ${item} to ${list} was told as ${ending}, and was executed`);
      }
    }
  }

  async #auditKeys(
    witness: NdbClient,
    attempts: readonly Attempt[],
    keysOf: (item: number) => readonly string[],
  ): Promise<void> {
    for (const { item, ending } of attempts) {
      if (ending !== 'answered' && ending !== 'executed' && ending !== 'not-sent') continue;
      const keys = keysOf(item);
      const found = await lastValueFrom(witness.kv_get({ keys }));
      const values = Object.values(found);
      if (values.some((value) => value !== item)) this.broken.push(`${keys[0]} holds the value of another`);
      if (ending === 'not-sent' ? values.length > 0 : values.length < keys.length) {
        this.broken.push(`${keys[0]} was told as ${ending}, and ${values.length} of ${keys.length} keys are there`);
      }
    }
  }

  async #auditSessions(witness: NdbClient): Promise<void> {
    const alive = await lastValueFrom(witness.sh_session_exists(this.#sessions));
    if (alive.length !== this.#sessions.length) this.broken.push('a session that was given out is not there');
    const { totalSessions } = await lastValueFrom(witness.sh_info_all());
    if (totalSessions > this.#sessionsTried) {
      this.broken.push(`${totalSessions} sessions are there, though ${this.#sessionsTried} were asked for`);
    }
  }

  #call<Value>(
    kind: Kind,
    command: Observable<Value>,
    cancelAfter: number | undefined,
    { answered, ended }: Listeners<Value>,
  ): void {
    this.#underWay += 1;
    let values = 0;
    let ending: Ending | undefined;
    let timer: NodeJS.Timeout | undefined;
    const end = (as: Ending) => {
      clearTimeout(timer);
      if (ending !== undefined) {
        this.broken.push(`a ${kind} that was ${ending} was then ${as}`);
        return;
      }
      ending = as;
      this.#underWay -= 1;
      const counts = this.counts.get(kind);
      counts?.set(as, (counts.get(as) ?? 0) + 1);
      ended?.(as);
    };
    const subscription = command.subscribe({
      next: (value) => {
        values += 1;
        answered?.(value);
      },
      error: (error: unknown) => {
        const as = endingOf(error);
        if (as === undefined) this.broken.push(`a ${kind} ended in ${String(error)}, which is no NdbError`);
        end(as ?? 'unknown');
      },
      complete: () => {
        if (values !== 1) this.broken.push(`a ${kind} was answered ${values} times`);
        end('answered');
      },
    });
    if (cancelAfter === undefined || ending !== undefined) return;
    timer = setTimeout(() => {
      subscription.unsubscribe();
      end('cancelled');
    }, cancelAfter);
  }
}

/** Keys that go in some twenty requests of 1024 bytes: more than a client sends of one call at once. */
const bulkKeys = (item: number) => Array.from({ length: 50 }, (_, part) => `bulk${item} ${'long '.repeat(60)}${part}`);
