import { filter, firstValueFrom, lastValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClosedError, type NdbClient } from '../../src/index.js';
import { FaultPeer, onCommands } from '../support/faults/peer.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { settled } from '../support/settled.js';

const make = clientsOfTest();
let peer: FaultPeer;
let client: NdbClient;

beforeEach(async () => {
  peer = await FaultPeer.listen();
  client = make({ timeout: 60_000, closeTimeout: 100 });
});
afterEach(() => peer[Symbol.asyncDispose]());

const some = (count: number) =>
  Array.from({ length: count }, (_, place) => settled(client.kv_get({ key: `k${place}` })));
const silent = () => {};
const manyKeys = Object.fromEntries(Array.from({ length: 500 }, (_, place) => [`key ${place}`, 'x'.repeat(50)]));

describe('after close', () => {
  it('calls that wait for a first connection have settled', async () => {
    const calls = some(3);
    await lastValueFrom(client.close());
    for (const { error } of await Promise.all(calls)) {
      expect(error).toBeInstanceOf(ClosedError);
      expect(error).toMatchObject({ outcome: 'not-sent' });
    }
  });

  it('calls that were written and are not answered have settled, those behind them as well', async () => {
    await firstValueFrom(client.open(peer.url));
    peer.reaction = silent;
    const calls = some(1000);
    await expect.poll(() => peer.received.length).toBeGreaterThan(0);
    await lastValueFrom(client.close());
    const outcomes = (await Promise.all(calls)).map(({ error }) => (error as ClosedError).outcome); // all of them are NdbErrors with an outcome
    expect(new Set(outcomes)).toEqual(new Set(['unknown', 'not-sent']));
    expect(outcomes.filter((outcome) => outcome === 'unknown')).toHaveLength(peer.received.length);
  });

  it('a call in parts has settled, once', async () => {
    await firstValueFrom(client.open(peer.url));
    peer.reaction = silent;
    const call = settled(client.kv_set(manyKeys));
    await expect.poll(() => peer.received.length).toBeGreaterThan(0);
    await lastValueFrom(client.close());
    expect((await call).error).toMatchObject({ outcome: 'unknown', parts: { answered: 0 } });
  });

  it('a call in parts is executed as a whole, if the server answers in time', async () => {
    const patient = make({ closeTimeout: 60_000 });
    await firstValueFrom(patient.open(peer.url));
    const call = settled(patient.kv_set(manyKeys, { timeout: 60_000 }));
    await lastValueFrom(patient.close());
    expect(await call).toEqual({ values: [undefined] });
    expect(peer.keys.size).toBe(500);
  }, 60_000);

  it('a call in parts of which some were executed does not say that it never left', async () => {
    await firstValueFrom(client.open(peer.url));
    let sets = 0;
    peer.reaction = onCommands((request) => {
      if (++sets <= 3) request.reply(request.answer());
    });
    const call = settled(client.kv_set(manyKeys));
    await expect.poll(() => sets).toBeGreaterThan(3);
    await lastValueFrom(client.close());
    expect((await call).error).toMatchObject({ outcome: 'unknown' });
    expect(peer.keys.size).toBeGreaterThan(0);
  });

  it('a call in parts that waited for a connection says that it never left', async () => {
    const call = settled(client.kv_set(manyKeys));
    await lastValueFrom(client.close());
    expect((await call).error).toMatchObject({ outcome: 'not-sent', parts: { answered: 0 } });
    expect(String((await call).error)).toContain('of which 0 succeeded');
  });

  it('calls that wait for a reconnect have settled', async () => {
    await firstValueFrom(client.open(peer.url));
    peer.reaction = onCommands(({ socket }) => socket.terminate());
    const calls = [...some(2), settled(client.kv_clear())];
    await firstValueFrom(client.connection$.pipe(filter(({ state }) => state === 'waiting')));
    await lastValueFrom(client.close());
    for (const { error } of await Promise.all(calls)) expect(error).toMatchObject({ outcome: 'unknown' });
  });

  it('calls in flight are still answered where the server answers in time', async () => {
    await firstValueFrom(client.open(peer.url));
    peer.keys.set('k0', 'late');
    peer.reaction = onCommands((request) => setTimeout(() => request.reply(request.answer()), 30));
    const [call] = some(1);
    await expect.poll(() => peer.received.length).toBe(1);
    await lastValueFrom(client.close());
    expect(await call).toEqual({ values: ['late'] });
  });

  it('calls are settled where the server refused for good', async () => {
    const calls = some(2);
    await settled(client.open(`${peer.url.replace('ws:', 'wss:')}`));
    for (const { error } of await Promise.all(calls))
      expect(error).toMatchObject({ code: 'NDB_CONNECTION', permanent: true });
  });

  it('new calls are refused, and all streams are complete', async () => {
    await firstValueFrom(client.open(peer.url));
    const streams = [settled(client.connection$), settled(client.activity$)];
    await lastValueFrom(client.close());
    expect((await settled(client.kv_count())).error).toBeInstanceOf(ClosedError);
    for (const { error } of await Promise.all(streams)) expect(error).toBeUndefined();
  });
});
