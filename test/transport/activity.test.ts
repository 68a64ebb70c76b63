import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Subject } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Activity } from '../../src/transport/activity.js';
import { activityChannel, platform as nodePlatform } from '../../src/transport/socket/node.js';
import { VirtualClock } from '../support/clocks/virtual-clock.js';
import { idleTransport, openTransport, url } from '../support/peers/opened-transport.js';
import { send, write } from '../support/sent-request.js';

/** What happens while somebody listens, without the times. */
function listen(...given: Parameters<typeof openTransport>) {
  const bench = idleTransport(...given);
  const activities: Activity[] = [];
  bench.transport.activity$.subscribe((activity) => activities.push(activity));
  bench.transport.open(url).subscribe({ error: () => {} });
  bench.platform.socket.greet();
  return { ...bench, activities };
}

const typesOf = (activities: readonly Activity[]) =>
  activities.map((activity) => (activity.type === 'connection' ? activity.connection.state : activity.type));

describe('activity$', () => {
  it('tells of a request from the queue to its answer, with its latency', async () => {
    const { transport, clock, platform, activities } = listen();
    send(transport);
    await clock.advance(5);
    platform.socket.answerAll();
    expect(activities.slice(2)).toEqual([
      { type: 'queued', at: 0, id: 1, command: 'KV_GET', bytes: 25 },
      { type: 'written', at: 0, ids: [1], fenced: false },
      { type: 'answered', at: 5, id: 1, command: 'KV_GET', latency: 5, status: 'Ok' },
    ]);
  });

  it('tells of the fence of a batch, and whether all replies had come', async () => {
    const { transport, clock, platform, activities } = listen();
    send(transport);
    send(transport, write);
    await clock.advance();
    const [, , fence = ''] = platform.socket.requests;
    platform.socket.answer(fence);
    expect(activities.slice(4)).toMatchObject([
      { type: 'written', ids: [1, 2], fenced: true },
      { type: 'fence', requests: 2, complete: false },
      { type: 'again', id: 1 },
      { type: 'failed', id: 2, code: 'NDB_REPLY_LOST', outcome: 'executed' },
    ]);
  });

  it('tells of what was unsubscribed, and what had become of it', async () => {
    const { transport, clock, activities } = listen();
    send(transport).cancel();
    const written = send(transport);
    await clock.advance();
    written.cancel();
    const cancelled = activities.filter(({ type }) => type === 'cancelled');
    expect(cancelled).toMatchObject([
      { id: 1, outcome: 'not-sent' },
      { id: 2, outcome: 'unknown' },
    ]);
  });

  it('tells of each state of the connection, and completes after the last', async () => {
    const { transport, clock, platform, activities } = listen();
    let completed = false;
    transport.activity$.subscribe({
      complete: () => {
        completed = true;
      },
    });
    platform.socket.end();
    await clock.advance(100);
    transport.close();
    expect(typesOf(activities)).toEqual(['connecting', 'open', 'waiting', 'connecting', 'closed']);
    expect(completed).toBe(true);
  });

  it('holds no value and no token', async () => {
    const { transport, clock, platform, activities } = listen();
    send(transport, { text: '{"KV_GET":{"keys":["secret"]}}' });
    await clock.advance();
    platform.socket.frame('{"KV_GET_RSP":{"st":1,"keys":{"secret":"password"}}}');
    expect(JSON.stringify(activities)).not.toMatch(/secret|password/);
  });

  it('holds no credentials of the URL, in no state, while connection$ has it as it was given', async () => {
    const { transport, clock, platform, states } = idleTransport();
    const activities: Activity[] = [];
    transport.activity$.subscribe((activity) => activities.push(activity));
    platform.diagnostics.hasSubscribers = true;
    const given = 'ws://user:s3cret@host:81/path?token=s3cret';
    transport.open(given).subscribe();
    platform.socket.greet();
    platform.socket.end();
    await clock.advance(100);
    const urls = activities.flatMap((activity) =>
      activity.type === 'connection' && 'url' in activity.connection ? [activity.connection.url] : [],
    );
    expect(typesOf(activities)).toEqual(['connecting', 'open', 'waiting', 'connecting']);
    expect(urls).toEqual(new Array(4).fill('ws://host:81/path'));
    expect(JSON.stringify([activities, platform.published])).not.toContain('s3cret');
    expect(states.flatMap((state) => ('url' in state ? [state.url] : []))).toEqual(new Array(4).fill(given));
  });
});

describe('while nobody listens', () => {
  /** All that an activity can tell of. What of it reached `activity$`, and how often somebody asked for the time. */
  async function live(listening: boolean) {
    const told = vi.spyOn(Subject.prototype, 'next');
    const clock = new VirtualClock();
    const now = vi.spyOn(clock, 'now');
    const { transport, platform } = idleTransport({ clock });
    if (listening) transport.activity$.subscribe();
    transport.open(url).subscribe();
    platform.socket.greet();
    send(transport).cancel();
    send(transport);
    send(transport, write);
    await clock.advance();
    const [, , fence = ''] = platform.socket.requests;
    platform.socket.answer(fence);
    await clock.advance();
    platform.socket.answerAll();
    platform.socket.end();
    transport.close();
    const types = told.mock.calls.flatMap(([value]) => (isActivity(value) ? [value.type] : []));
    return { types: new Set(types), readings: now.mock.calls.length, published: platform.published };
  }

  const isActivity = (value: unknown): value is Activity =>
    typeof value === 'object' && value !== null && 'type' in value && 'at' in value;

  afterEach(() => vi.restoreAllMocks());

  it('no activity is built, and no time is read for one', async () => {
    const heard = await live(true);
    vi.restoreAllMocks();
    const unheard = await live(false);
    // So the program does set off one of each.
    expect([...heard.types].sort()).toEqual([
      'again',
      'answered',
      'cancelled',
      'connection',
      'failed',
      'fence',
      'queued',
      'written',
    ]);
    expect([...unheard.types, ...unheard.published]).toEqual([]);
    expect(unheard.readings).toBeLessThan(heard.readings);
  });

  it('any more, nothing is built any more either', async () => {
    const { transport, clock, platform } = openTransport();
    const told = vi.spyOn(Subject.prototype, 'next');
    const activities: Activity[] = [];
    transport.activity$.subscribe((activity) => activities.push(activity)).unsubscribe();
    send(transport);
    await clock.advance();
    platform.socket.answerAll();
    expect(told.mock.calls.filter(([value]) => isActivity(value))).toEqual([]);
  });
});

describe('the diagnostics channel of Node', () => {
  it('carries the same', async () => {
    const heard: unknown[] = [];
    const hear = (message: unknown) => heard.push(message);
    subscribe(activityChannel, hear);
    try {
      expect(nodePlatform.diagnostics?.hasSubscribers).toBe(true);
      const activity: Activity = { type: 'again', at: 1, id: 2, command: 'KV_GET' };
      nodePlatform.diagnostics?.publish(activity);
      expect(heard).toEqual([activity]);
    } finally {
      unsubscribe(activityChannel, hear);
    }
    expect(nodePlatform.diagnostics?.hasSubscribers).toBe(false);
  });

  it('is told of everything that activity$ tells while somebody listens there, and of nothing else', async () => {
    const { transport, clock, platform, activities } = listen();
    send(transport);
    await clock.advance();
    expect(platform.published).toEqual([]);
    const before = activities.length;
    platform.diagnostics.hasSubscribers = true;
    platform.socket.answerAll();
    expect(platform.published).toEqual(activities.slice(before));
    expect(platform.published).toHaveLength(1);
  });
});
