import { distinctUntilChanged, map, type Observable, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ClientCore } from '../../src/client/client.js';
import type { Outcome } from '../../src/errors.js';
import type { SessionEvent } from '../../src/index.js';
import { type JsonObject, parseJson } from '../../src/protocol/json.js';
import type { OutgoingRequest, Receiver } from '../../src/transport/transport.js';
import { SimulatedServer } from '../session/support/simulated-server.js';
import { TestClock } from '../support/clocks/sleeping-clock.js';
import { FakeTransport } from '../support/peers/fake-transport.js';

/** Answers at once, out of a server in virtual time. */
class SimulatedTransport extends FakeTransport {
  constructor(
    private readonly clock: TestClock,
    readonly server = new SimulatedServer(() => clock.now()),
  ) {
    super();
    const ready = { serverVersion: '0.7.2', persistEnabled: false };
    this.connection$.next({ state: 'open', url: 'ws://127.0.0.1:1987/', server: ready, pipelining: 'fenced' });
  }

  override send(outgoing: OutgoingRequest, receiver: Receiver): () => Outcome {
    this.sent.push({ ...outgoing, receiver });
    const { [outgoing.command]: members } = parseJson(outgoing.text) as { [command: string]: JsonObject }; // as requests are
    const now = this.clock.now();
    const body = this.server.execute(outgoing.command, members ?? {});
    receiver.replied({ body, writtenAt: now, answeredAt: now });
    return () => 'executed';
  }
}

class SimulatedClient extends ClientCore {}

function virtualClient() {
  const clock = new TestClock();
  const transport = new SimulatedTransport(clock);
  const client = new SimulatedClient(() => transport, { clock, random: () => 0.5 });
  const close = () => {
    transport.connection$.next({ state: 'closed' });
    transport.connection$.complete();
  };
  /** Another program makes a session. */
  const madeElsewhere = (expiry: JsonObject) => transport.server.execute('SH_NEW', { expiry }).tkn as bigint; // as it gives it
  return { client, clock, transport, close, madeElsewhere };
}

/** What an Observable emits at once. */
function atOnce<Value>(value$: Observable<Value>): Value {
  const values: Value[] = [];
  value$.subscribe((value) => values.push(value));
  const [value] = values;
  if (value === undefined) throw new Error('Nothing came at once.');
  return value;
}

/** Notes events, and completion. */
function note(events$: Observable<SessionEvent>) {
  const told: string[] = [];
  const subscription = events$.subscribe({
    next: ({ type, tkn }) => told.push(`${type} ${tkn % 10n}`),
    error: () => told.push('error'),
    complete: () => told.push('complete'),
  });
  return { told, leave: () => subscription.unsubscribe() };
}

const short = { durationSeconds: 10, deleteSessionOnExpire: true } as const;

describe('client.sessionEvents$', () => {
  it('follows each session that is created while it is subscribed to, until nobody is', () => {
    const { client, clock, transport } = virtualClient();
    const { told, leave } = note(client.sessionEvents$);
    atOnce(client.sh_create_session(short));
    atOnce(client.sh_create_session({ durationSeconds: 600 }));
    clock.advance(9500);
    expect(told).toEqual(['opened 1', 'opened 2', 'expiring 1']);
    leave();
    expect(clock.timers).toBe(0);
    const { length } = transport.sent;
    clock.advance(60_000);
    expect(told.length).toBe(3);
    expect(transport.sent.length).toBe(length);
  });

  it('follows nothing any more once who was subscribed leaves, be it on being told of the first event', () => {
    const { client, clock, transport } = virtualClient();
    const { told } = note(client.sessionEvents$.pipe(take(1)));
    atOnce(client.sh_create_session({ ...short, extendOnGet: true }));
    expect(told).toEqual(['opened 1', 'complete']);
    expect(clock.timers).toBe(0);
    clock.advance(60_000);
    expect(transport.sent.map(({ command }) => command)).toEqual(['SH_NEW']);
  });

  it('tells two subscribers the same, each event once, and goes on for the one that stays', () => {
    const { client, clock } = virtualClient();
    const [one, two] = [note(client.sessionEvents$), note(client.sessionEvents$)];
    atOnce(client.sh_create_session(short));
    clock.advance(9500);
    expect(one.told).toEqual(['opened 1', 'expiring 1']);
    expect(two.told).toEqual(one.told);
    one.leave();
    clock.advance(10_000);
    expect(one.told.length).toBe(2);
    expect(two.told).toEqual(['opened 1', 'expiring 1', 'overdue 1', 'expired 1']);
  });

  it('leaves what others follow to them, and tells them what it would have told', () => {
    const { client, clock } = virtualClient();
    const all = note(client.sessionEvents$);
    const session = atOnce(client.sh_create_session(short));
    const own = note(session.events$);
    all.leave();
    clock.advance(20_000);
    expect(all.told).toEqual(['opened 1']);
    expect(own.told).toEqual(['expiring 1', 'overdue 1', 'expired 1', 'complete']);
  });

  it('tells of a session that was created before, as soon as somebody follows that', () => {
    const { client, clock } = virtualClient();
    const session = atOnce(client.sh_create_session(short));
    const { told } = note(client.sessionEvents$);
    clock.advance(1000);
    expect(told).toEqual([]);
    const { leave } = note(session.events$);
    clock.advance(8500);
    expect(told).toEqual(['opened 1', 'expiring 1']);
    leave();
    clock.advance(20_000);
    expect(told.length).toBe(2);
  });

  it('says nothing of a session that nobody follows, though this client ends it', () => {
    const { client } = virtualClient();
    const session = atOnce(client.sh_create_session(short));
    const { told } = note(client.sessionEvents$);
    session.end().subscribe();
    expect(told).toEqual([]);
  });

  it('tells that a session is about to expire as early as is asked for it, made here or attached to', () => {
    const { client, clock, madeElsewhere } = virtualClient();
    const { told } = note(client.sessionEvents$);
    atOnce(client.sh_create_session({ ...short, expiringBefore: 4000 }));
    atOnce(client.session(madeElsewhere({ duration: 10, deleteSession: true }), { expiringBefore: 6000 }));
    clock.advance(6500);
    expect(told).toEqual(['opened 1', 'opened 2', 'expiring 2', 'expiring 1']);
  });

  it('follows a session that is attached to, and only once, however often', () => {
    const { client, clock, madeElsewhere } = virtualClient();
    const tkn = madeElsewhere({ duration: 10, deleteSession: true });
    const { told, leave } = note(client.sessionEvents$);
    const [first, second] = [atOnce(client.session(tkn)), atOnce(client.session(tkn))];
    clock.advance(30_000);
    expect(told).toEqual(['opened 1', 'expiring 1', 'overdue 1', 'expired 1']);
    expect([first.isValid, second.isValid]).toEqual([false, false]);
    leave();
    expect(clock.timers).toBe(0);
  });

  it('leaves a session that was attached to twice as it does one that was not', () => {
    const { client, clock, madeElsewhere } = virtualClient();
    const tkn = madeElsewhere({ duration: 600 });
    const { leave } = note(client.sessionEvents$);
    for (let times = 0; times < 2; times++) atOnce(client.session(tkn));
    expect(clock.timers).toBe(1);
    leave();
    expect(clock.timers).toBe(0);
  });

  it('follows a session again that is attached to again, though others followed it in between', () => {
    const { client, clock } = virtualClient();
    const first = note(client.sessionEvents$);
    const session = atOnce(client.sh_create_session(short));
    const own = note(session.events$);
    first.leave();
    const { told } = note(client.sessionEvents$);
    atOnce(client.session(session.tkn));
    own.leave();
    clock.advance(20_000);
    expect(told).toEqual(['expiring 1', 'overdue 1', 'expired 1']);
  });

  it('goes on when a session is gone, and follows the next', () => {
    const { client, clock } = virtualClient();
    const { told } = note(client.sessionEvents$);
    const session = atOnce(client.sh_create_session(short));
    session.end().subscribe();
    atOnce(client.sh_create_session(short));
    clock.advance(1);
    expect(told).toEqual(['opened 1', 'ended 1', 'opened 2']);
  });

  it('completes when the client is closed, as do the streams of its sessions, and at once from then on', () => {
    const { client, clock, close } = virtualClient();
    const [one, two] = [note(client.sessionEvents$), note(client.sessionEvents$)];
    const session = atOnce(client.sh_create_session(short));
    const own = note(session.events$);
    close();
    expect(one.told).toEqual(['opened 1', 'complete']);
    expect(two.told).toEqual(one.told);
    expect(own.told).toEqual(['complete']);
    expect(note(client.sessionEvents$).told).toEqual(['complete']);
    expect(note(session.events$).told).toEqual(['complete']);
    clock.advance(60_000);
    expect(one.told.length).toBe(2);
    expect(clock.timers).toBe(0);
  });
});

describe('a session that is attached to', () => {
  it('has all streams: each tells its part, and completes with the session', () => {
    const { client, clock, madeElsewhere } = virtualClient();
    const tkn = madeElsewhere({ duration: 10, deleteSession: true, extendOnGet: true });
    clock.advance(3000);
    const session = atOnce(client.session(tkn));
    const told: Record<string, unknown[]> = {};
    const listen = (name: string, values$: Observable<unknown>) => {
      const values: unknown[] = [];
      told[name] = values;
      values$.subscribe({ next: (value) => values.push(value), complete: () => values.push('complete') });
    };
    const type$ = (events$: Observable<SessionEvent>) => events$.pipe(map(({ type }) => type));
    listen('events', type$(session.events$));
    listen('extended', type$(session.extended$));
    listen('expiring', type$(session.expiring$));
    listen('expired', type$(session.expired$));
    listen(
      'state',
      session.state$.pipe(
        map(({ state }) => state),
        distinctUntilChanged(),
      ),
    );
    listen('seconds', session.remaining$(4000).pipe(map((ms) => Math.round(ms / 1000))));
    const touches: bigint[] = [];
    const keeping = session.keepAlive().subscribe((touch) => touches.push(touch.tkn));

    clock.advance(500);
    expect(touches).toEqual([tkn]); // 3.5 s of 10 are over
    keeping.unsubscribe();
    clock.advance(30_000);
    expect(told).toEqual({
      events: ['opened', 'extended', 'expiring', 'overdue', 'expired', 'complete'],
      extended: ['extended', 'complete'],
      expiring: ['expiring', 'complete'],
      expired: ['expired', 'complete'],
      state: ['alive', 'expiring', 'overdue', 'expired', 'complete'],
      seconds: [7, 10, 6, 2, 0, 'complete'],
    });
    expect(session.isValid).toBe(false);
    expect(clock.timers).toBe(0);
  });
});
