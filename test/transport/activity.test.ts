import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import type { Activity } from '../../src/transport/activity.js';
import { activityChannel, nodePlatform } from '../../src/transport/node-platform.js';
import { idleTransport, type openTransport, url } from '../support/opened-transport.js';
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
