import { EMPTY, firstValueFrom, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { NdbClient } from '../../src/index.js';
import { NdbServer } from '../../src/server/index.js';
import { fakeClient } from '../support/peers/fake-client.js';

type Client = ReturnType<typeof fakeClient>['client'];

const keysOf = (size: number) => Array.from({ length: size }, (_, index) => `key:${index}`);
const objectOf = (size: number) => Object.fromEntries(keysOf(size).map((key) => [key, { index: key }]));
const tokensOf = (size: number) => Array.from({ length: size }, (_, index) => 2n ** 63n + BigInt(index));

type Call = (client: Client) => Observable<unknown>;

/** Every command whose argument may be of any size, with an argument of that size. */
const commands: [string, (size: number) => Call][] = [
  ['kv_set', (size) => sending(objectOf(size), (client, keys) => client.kv_set(keys))],
  ['sh_add', (size) => sending(objectOf(size), (client, keys) => client.sh_add(1n, keys))],
  ['kv_clear_set', (size) => sending(objectOf(size), (client, keys) => client.kv_clear_set(keys))],
  ['kv_get', (size) => sending(keysOf(size), (client, keys) => client.kv_get({ keys }))],
  ['kv_rmv', (size) => sending(keysOf(size), (client, keys) => client.kv_rmv(keys))],
  ['sh_contains', (size) => sending(keysOf(size), (client, keys) => client.sh_contains(1n, keys))],
  ['sh_session_exists', (size) => sending(tokensOf(size), (client, tkns) => client.sh_session_exists(tkns))],
  ['sh_save', (size) => sending(tokensOf(size), (client, tkns) => client.sh_save({ name: 'x', tkns }))],
  ['kv_find', (size) => sending(keysOf(size), (client, keys) => client.kv_find({ path: '$', rsp: 'keys', keys }))],
  ['kv_update', (size) => sending(objectOf(size), (client, value) => client.kv_update({ key: 'a', path: '$', value }))],
  ['kv_arr_append', (size) => sending(keysOf(size), (client, items) => client.kv_arr_append({ key: 'a', items }))],
];

/** A call with an argument that is made beforehand. */
const sending =
  <Argument>(argument: Argument, call: (client: Client, argument: Argument) => Observable<unknown>): Call =>
  (client) =>
    call(client, argument);

/** Answers each request with as much as it asked for. */
const answer = (_: string, { keys, tkns }: Record<string, unknown>) => {
  const names = Array.isArray(keys) ? (keys as string[]) : [];
  const found = Object.fromEntries(names.map((name) => [name, 1]));
  return { st: 1, cnt: 0, keys: found, contains: names, exist: Array.isArray(tkns) ? (tkns as bigint[]) : [] };
};

/** The least processor time of several runs, in µs: the one that was disturbed least. */
function timeOf(run: () => void): number {
  const times = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.min(...times);
}

describe('the work of a command', () => {
  it.each(commands)('%s grows in proportion to its argument', (_, sized) => {
    const { client } = fakeClient(answer, { maxPayload: 1024 });
    const workOf = (size: number) => {
      const call = sized(size);
      return timeOf(() => call(client).subscribe({ error: () => EMPTY }));
    };
    workOf(2000); // compiled by now
    // 16 if it is linear, and 256 if it is quadratic. The bound leaves room for a busy machine.
    expect(workOf(32_000) / workOf(2000)).toBeLessThan(80);
  });
});

describe('kv_set of 20,000 keys', () => {
  it('leaves the event loop to others', async () => {
    await using server = await NdbServer.listen();
    await using client = new NdbClient();
    await firstValueFrom(client.open(server.url));
    const keys = objectOf(20_000);
    const before = process.cpuUsage();
    let settled = false;
    const set = firstValueFrom(client.kv_set(keys)).finally(() => {
      settled = true;
    });
    const subscribing = process.cpuUsage(before).user / 1000;
    let turns = 0;
    while (!settled) {
      await new Promise((resolve) => setTimeout(resolve));
      turns += 1;
    }
    await set;
    expect(await firstValueFrom(client.kv_count())).toBe(20_000);
    expect(turns).toBeGreaterThan(10);
    expect(subscribing).toBeLessThan(1000); // about 30 ms on an idle machine, and 16 s if it were quadratic
  });
});
