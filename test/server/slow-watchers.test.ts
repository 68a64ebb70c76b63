import { expect, test } from 'vitest';
import type { Expired, Gap } from '../../src/server/store/events.js';
import { type EventSink, Watch } from '../../src/server/watch/watch.js';

/** A client that reads only when told to. */
class SlowClient implements EventSink {
  readonly id = 'c';
  readonly frames: { readonly type: string; readonly id?: string; readonly until?: number }[] = [];
  #room = 0;
  #wake = () => {};

  push(frame: string): boolean {
    if (this.#room === 0) return false;
    this.#room--;
    this.frames.push(JSON.parse(frame).SH_EVENT);
    return true;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Reads what waits, and takes this many frames more. */
  async read(frames: number): Promise<void> {
    this.#room = frames;
    this.#wake();
    await Promise.resolve();
    await Promise.resolve();
  }
}

const value = `"${'x'.repeat(2 ** 20 - 3)}"`;

const expired = (at: number, ...values: string[]): Expired => ({
  type: 'expired',
  id: String(at),
  at,
  token: '1',
  outcome: 'sessionDeleted',
  values: values.map((text) => ['a', text] as const),
});

function begin(): { watch: Watch; client: SlowClient } {
  const client = new SlowClient();
  const watch = new Watch({ number: 1, withValues: false, isOfGroup: false }, client);
  watch.start(0);
  return { watch, client };
}

const ids = (client: SlowClient) => client.frames.map(({ id, type }) => id ?? type);

test('events wait for a watcher that does not read, and come in order when it does', async () => {
  const { watch, client } = begin();
  for (let at = 1; at <= 5; at++) watch.receive(expired(at));
  expect(client.frames).toEqual([]);
  await client.read(2);
  expect(ids(client)).toEqual(['1', '2']);
  watch.receive(expired(6));
  await client.read(10);
  expect(ids(client)).toEqual(['1', '2', '3', '4', '5', '6']);
});

test('beyond 32 MiB of values a gap stands for the latest events, and then those that happen come again', async () => {
  const { watch, client } = begin();
  for (let at = 1; at <= 40; at++) watch.receive(expired(at, value));
  await client.read(100);
  const gap: Partial<Gap> & { watch: number } = { type: 'gap', until: 40, watch: 1 };
  expect(client.frames.at(-1)).toEqual(gap);
  expect(client.frames).toHaveLength(33);
  watch.receive(expired(41));
  expect(client.frames.at(-1)).toMatchObject({ id: '41' });
});

test('beyond 100,000 events a gap stands for the latest ones', async () => {
  const { watch, client } = begin();
  for (let at = 1; at <= 100_010; at++) watch.receive(expired(at));
  await client.read(200_000);
  expect(client.frames).toHaveLength(100_001);
  expect(client.frames.at(-1)).toMatchObject({ type: 'gap', until: 100_010 });
});

test('a watch that ended sends nothing, whatever waited for it', async () => {
  const { watch, client } = begin();
  watch.receive(expired(1));
  watch.end();
  await client.read(10);
  watch.receive(expired(2));
  expect(client.frames).toEqual([]);
});

test('events that happen before the reply to SH_WATCH come after it, those read from the log once', async () => {
  const client = new SlowClient();
  const watch = new Watch({ number: 1, withValues: false, isOfGroup: false }, client);
  await client.read(10);
  await watch.replay([expired(1), expired(2)]);
  watch.receive(expired(2));
  watch.receive({ type: 'extended', id: 'old', at: 4, token: '1', remaining: 5 });
  watch.receive({ type: 'extended', id: 'new', at: 5, token: '1', remaining: 5 });
  watch.receive(expired(6));
  expect(ids(client)).toEqual(['1', '2']);
  watch.start(5);
  expect(ids(client)).toEqual(['1', '2', 'new', '6']);
});
