import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryStore, NdbServer, type NdbServerOptions, type Store } from '../../src/server/index.js';
import { ManualClock } from '../support/clocks/manual-clock.js';
import { Frames } from './support/frames.js';
import { connectTo } from './support/peers.js';
import { slowStore } from './support/slow-store.js';

const clients: Frames[] = [];
const servers: NdbServer[] = [];
let makeStore: () => Store;
let clock: ManualClock;
let server: NdbServer;

async function connect(to: NdbServer = server): Promise<Frames> {
  const client = new Frames(await connectTo(to.url));
  clients.push(client);
  return client;
}

async function serve(options: NdbServerOptions = {}): Promise<NdbServer> {
  const made = await NdbServer.listen({ store: makeStore(), clock, watchAll: true, maxPayload: 2 ** 20, ...options });
  servers.push(made);
  return made;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate();
  for (const each of servers.splice(0)) await each.close();
});

interface Event {
  readonly type: string;
  readonly tkn?: string;
  readonly id?: string;
  readonly at?: number;
  readonly until?: number;
  readonly watch: number;
  readonly remainingMs?: number;
  readonly outcome?: string;
  readonly values?: unknown;
}

/** Reads a frame, with tokens as strings. */
const read = (frame: string) => JSON.parse(frame.replace(/"tkn":(\d+)/g, '"tkn":"$1"'));

async function nextEvent(client: Frames): Promise<Event> {
  const frame = read(await client.next());
  expect(Object.keys(frame)).toEqual(['SH_EVENT']);
  return frame.SH_EVENT;
}

async function newSession(
  client: Frames,
  expiry: object = { duration: 60, deleteSession: true, extendOnSetAdd: true },
) {
  const reply = await client.ask(JSON.stringify({ SH_NEW: { expiry } }));
  return /"tkn":(\d+)/.exec(reply)?.[1] ?? '';
}

async function watch(client: Frames, members: string): Promise<{ watch: number; at: number; sessions: unknown[] }> {
  return read(await client.ask(`{"SH_WATCH":{${members}},"id":"w"}`)).SH_WATCH_RSP;
}

const set = (token: string, keys = '{"a":1}') => `{"SH_SET":{"tkn":${token},"keys":${keys}}}`;

/** Lets the sweep come. */
const sweep = (milliseconds: number) => clock.advance(milliseconds);

describe.each([
  ['the memory store', (store: Store) => store],
  ['a store that answers later', slowStore],
])('over %s', (_, wrap) => {
  beforeEach(async () => {
    clock = new ManualClock();
    makeStore = () => wrap(new MemoryStore({ clock }));
    server = await serve();
  });

  describe('SH_WATCH', () => {
    test('is answered with the state of the sessions that exist, in the order asked', async () => {
      const client = await connect();
      const [first, second] = [await newSession(client), await newSession(client)];
      const { at, sessions } = await watch(client, `"tkns":[${second},5,${first}]`);
      expect(at).toBe(clock.wall());
      expect(sessions).toMatchObject([
        { tkn: second, keyCnt: 0, expires: true, expiry: { duration: 60, remaining: 60, remainingMs: 60_000 } },
        { tkn: first },
      ]);
    });

    test.each([
      ['without an id', '{"SH_WATCH":{"tkns":[1]}}', 10],
      ['without sessions', '{"SH_WATCH":{},"id":"1"}', 13],
      ['of some sessions and all', '{"SH_WATCH":{"tkns":[1],"all":true},"id":"1"}', 13],
      ['of a group without all', '{"SH_WATCH":{"tkns":[1],"group":"g"},"id":"1"}', 13],
      ['since a time that is not a number', '{"SH_WATCH":{"tkns":[1],"since":"x"},"id":"1"}', 41],
      ['that ends and was never begun', '{"SH_UNWATCH":{"watch":7},"id":"1"}', 22],
    ])('%s is refused', async (_, request, status) => {
      expect(await (await connect()).ask(request)).toContain(`"st":${status}`);
    });

    test('of all sessions is refused unless the server allows it', async () => {
      const client = await connect(await serve({ watchAll: false }));
      expect(await client.ask('{"SH_WATCH":{"all":true},"id":"1"}')).toMatch(/"m":".*--watch-all.*","st":14/);
      expect(await client.ask('{"SH_ACK":{"group":"g","ids":[]},"id":"1"}')).toContain('"st":14');
    });
  });

  describe('a watched session', () => {
    test('is extended by another client: the event has the exact deadline', async () => {
      const [watcher, other] = [await connect(), await connect()];
      const token = await newSession(other);
      const { watch: number } = await watch(watcher, `"tkns":[${token}]`);
      await clock.advance(1234);
      await other.ask(set(token));
      expect(await nextEvent(watcher)).toEqual({
        type: 'extended',
        watch: number,
        id: expect.any(String),
        at: clock.wall(),
        tkn: token,
        remainingMs: 60_000,
      });
    });

    test('expires: the event comes with the sweep', async () => {
      const watcher = await connect();
      const token = await newSession(watcher);
      await watch(watcher, `"tkns":[${token}]`);
      await sweep(66_000);
      expect(await nextEvent(watcher)).toMatchObject({ type: 'expired', tkn: token, outcome: 'sessionDeleted' });
    });

    test('loses its keys and stays: the event has the new deadline', async () => {
      const watcher = await connect();
      const token = await newSession(watcher, { duration: 60 });
      await watch(watcher, `"tkns":[${token}]`);
      await sweep(66_000);
      const event = await nextEvent(watcher);
      expect(event).toMatchObject({ type: 'expired', tkn: token, outcome: 'keysCleared', remainingMs: 60_000 });
    });

    test('is ended by another client, by SH_END and by SH_END_ALL', async () => {
      const [watcher, other] = [await connect(), await connect()];
      const [first, second] = [await newSession(other), await newSession(other)];
      await watch(watcher, `"tkns":[${first},${second}]`);
      await other.ask(`{"SH_END":{"tkn":${first}}}`);
      expect(await nextEvent(watcher)).toMatchObject({ type: 'ended', tkn: first });
      await other.ask('{"SH_END_ALL":{}}');
      expect(await nextEvent(watcher)).toMatchObject({ type: 'ended', tkn: second });
    });

    test('is not pushed what its own connection did, nor what happens after SH_UNWATCH', async () => {
      const [watcher, other] = [await connect(), await connect()];
      const [first, second] = [await newSession(other), await newSession(other)];
      const { watch: number } = await watch(watcher, `"tkns":[${first}]`);
      await watch(watcher, `"tkns":[${second}]`);
      await watcher.ask(set(first));
      expect(await watcher.ask(`{"SH_UNWATCH":{"watch":${number}},"id":"u"}`)).toContain(`"watch":${number}`);
      await other.ask(`{"SH_END":{"tkn":${first}}}`);
      await other.ask(`{"SH_END":{"tkn":${second}}}`);
      expect(await nextEvent(watcher)).toMatchObject({ type: 'ended', tkn: second });
      expect(watcher.waiting).toBe(0);
    });
  });

  describe('the values of a session', () => {
    const kept = { duration: 60, deleteSession: true, keepValues: true };

    test('come with its event if it was made with keepValues and the watch asks for them', async () => {
      const [asking, other] = [await connect(), await connect()];
      const token = await newSession(other, kept);
      await other.ask(set(token, '{"cart":["apple",9007199254740993],"n":1.0}'));
      await watch(asking, `"tkns":[${token}],"values":true`);
      await watch(other, `"tkns":[${token}]`);
      await sweep(66_000);
      expect(await asking.next()).toContain('"values":{"cart":["apple",9007199254740993],"n":1.0}');
      expect(await nextEvent(other)).not.toHaveProperty('values');
    });

    test('do not come if it was made without keepValues', async () => {
      const client = await connect();
      const token = await newSession(client);
      await client.ask(set(token));
      await watch(client, `"tkns":[${token}],"values":true`);
      await sweep(66_000);
      expect(await nextEvent(client)).not.toHaveProperty('values');
    });
  });

  describe('since', () => {
    test('what was missed comes before the reply, and what happens after it', async () => {
      const [client, other] = [await connect(), await connect()];
      const [first, second, third] = [await newSession(other), await newSession(other), await newSession(other)];
      await other.ask(`{"SH_END":{"tkn":${first}}}`);
      await clock.advance(1000);
      const since = clock.wall();
      await other.ask(`{"SH_END":{"tkn":${second}}}`);
      client.send(`{"SH_WATCH":{"tkns":[${first},${second},${third}],"since":${since}},"id":"w"}`);
      expect(await nextEvent(client)).toMatchObject({ type: 'ended', tkn: second });
      expect(read(await client.next())).toMatchObject({ SH_WATCH_RSP: { sessions: [{ tkn: third }] } });
      await other.ask(`{"SH_END":{"tkn":${third}}}`);
      expect(await nextEvent(client)).toMatchObject({ type: 'ended', tkn: third });
    });

    test('what is no longer in the log is a gap', async () => {
      const store = wrap(new MemoryStore({ clock, events: { maxEvents: 2 } }));
      const client = await connect(await serve({ store }));
      const since = clock.wall();
      for (let count = 0; count < 3; count++) await client.ask(`{"SH_END":{"tkn":${await newSession(client)}}}`);
      const other = await connect(servers.at(-1));
      other.send(`{"SH_WATCH":{"all":true,"since":${since}},"id":"w"}`);
      expect(await nextEvent(other)).toMatchObject({ type: 'gap', until: since });
      expect((await nextEvent(other)).type).toBe('ended');
      expect((await nextEvent(other)).type).toBe('ended');
      expect(await other.next()).toContain('SH_WATCH_RSP');
    });
  });

  describe('all', () => {
    test('covers every session, whoever made it, and not extensions', async () => {
      const [watcher, other] = [await connect(), await connect()];
      await watch(watcher, '"all":true');
      const token = await newSession(other);
      await other.ask(set(token));
      await sweep(66_000);
      expect(await nextEvent(watcher)).toMatchObject({ type: 'expired', tkn: token });
    });
  });

  describe('a group', () => {
    const join = (client: Frames) => watch(client, '"all":true,"group":"g"');

    async function endSessions(client: Frames, count: number): Promise<string[]> {
      const tokens: string[] = [];
      for (let index = 0; index < count; index++) tokens.push(await newSession(client));
      for (const token of tokens) await client.ask(`{"SH_END":{"tkn":${token}}}`);
      return tokens;
    }

    const ids = (events: readonly Event[]) => events.map(({ id }) => `"${id}"`).join();

    async function eventsOf(client: Frames, count: number): Promise<Event[]> {
      return (await client.take(count)).map((frame) => read(frame).SH_EVENT);
    }

    test('each event goes to one member', async () => {
      const [first, second, other] = [await connect(), await connect(), await connect()];
      await join(first);
      await join(second);
      const tokens = await endSessions(other, 10);
      const events = [...(await eventsOf(first, 5)), ...(await eventsOf(second, 5))];
      expect(events.map(({ tkn }) => tkn).sort()).toEqual([...tokens].sort());
    });

    test('what a member did itself is pushed to the group as well', async () => {
      const member = await connect();
      await join(member);
      const token = await newSession(member);
      member.send(`{"SH_END":{"tkn":${token}}}`);
      const frames = (await member.take(2)).map(read);
      expect(frames).toContainEqual({ SH_EVENT: expect.objectContaining({ type: 'ended', tkn: token }) });
    });

    test('what a member did not acknowledge goes to another when it leaves', async () => {
      const [first, second, other] = [await connect(), await connect(), await connect()];
      await join(first);
      const tokens = await endSessions(other, 3);
      const events = await eventsOf(first, 3);
      expect(await first.ask(`{"SH_ACK":{"group":"g","ids":[${ids(events.slice(0, 1))}]},"id":"a"}`)).toContain(
        '"cnt":1',
      );
      await join(second);
      first.socket.terminate();
      expect((await eventsOf(second, 2)).map(({ tkn }) => tkn)).toEqual(tokens.slice(1));
      expect(await second.ask(`{"SH_ACK":{"group":"g","ids":["nothing"]},"id":"a"}`)).toContain('"cnt":0');
    });

    test('a member gets no more than 100 events that it has not acknowledged', async () => {
      const [member, other] = [await connect(), await connect()];
      await join(member);
      await endSessions(other, 130);
      const events = await eventsOf(member, 100);
      await other.ask('{"KV_COUNT":{}}');
      expect(member.waiting).toBe(0);
      member.send(`{"SH_ACK":{"group":"g","ids":[${ids(events)}]},"id":"a"}`);
      expect((await member.take(31)).filter((frame) => frame.includes('SH_EVENT'))).toHaveLength(30);
    });
  });

  test('a watcher that reads late gets all that waited for it, in order', async () => {
    const [slow, other] = [await connect(), await connect()];
    await watch(slow, '"all":true,"values":true');
    slow.socket.pause();
    const big = `"${'x'.repeat(900_000)}"`;
    const tokens: string[] = [];
    // 9 MB: more than is sent to a client that does not read.
    for (let count = 0; count < 10; count++) {
      const token = await newSession(other, { duration: 60, deleteSession: true, keepValues: true });
      await other.ask(set(token, `{"a":${big}}`));
      tokens.push(token);
    }
    await sweep(66_000);
    await other.ask('{"KV_COUNT":{}}');
    slow.socket.resume();
    const got: (string | undefined)[] = [];
    while (got.length < 10) got.push((await nextEvent(slow)).tkn);
    expect(got.sort()).toEqual(tokens.sort());
  });
});
