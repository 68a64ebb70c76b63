import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { NdbClient } from '../../src/index.js';
import { NdbServer } from '../../src/server/index.js';
import { FaultPeer } from '../support/faults/peer.js';

const broken: readonly (readonly [what: string, random: () => number])[] = [
  [
    'throws',
    () => {
      throw new Error('of an option');
    },
  ],
  ['gives no number', () => Number.NaN],
  ['gives less than 0', () => -5],
  ['gives 1 or more', () => 1e9],
];

// Real time: the jitter of touches is what is tested, and they keep a session alive that lives for a second.
describe('an option `random` that', () => {
  it.each(broken)('%s keeps no call from its reply, and no session from living on', async (_, random) => {
    await using server = await NdbServer.listen({ sweepInterval: 50 });
    await using client = new NdbClient({ random, sweepInterval: 50 });
    await firstValueFrom(client.open(server.url));
    const session = await firstValueFrom(
      client.sh_create_session({
        durationSeconds: 1,
        deleteSessionOnExpire: true,
        extendOnGet: true,
        extendOnSetAdd: true,
      }),
    );
    const touches = lastValueFrom(session.keepAlive().pipe(take(5), toArray()));
    await firstValueFrom(session.set({ a: 1 }));
    expect(await touches).toHaveLength(5);
    expect(await firstValueFrom(session.get({ key: 'a' }))).toBe(1);
  });

  it.each(broken)('%s keeps no client from coming back', async (_, random) => {
    await using peer = await FaultPeer.listen();
    await using client = new NdbClient({ random, reconnect: { initialDelay: 10, maxDelay: 10 } });
    await firstValueFrom(client.open(peer.url));
    for (const socket of peer.sockets) socket.terminate();
    expect(await firstValueFrom(client.kv_count())).toBe(0);
    expect(peer.accepted).toBe(2);
  });
});
