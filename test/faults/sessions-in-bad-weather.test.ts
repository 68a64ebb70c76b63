import fc from 'fast-check';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NdbClient, Session, SessionEvent } from '../../src/index.js';
import { NdbServer } from '../../src/server/index.js';
import { FaultProxy } from '../support/faults/proxy.js';
import { clientsOfTest } from '../support/faults/setting.js';
import { type Fact, keyOfOthers, TruthfulStore } from '../support/faults/truth.js';
import { apply, type Weather, weather } from '../support/faults/weather.js';
import { impatient, stateOf } from '../support/faults/world.js';

/** What a session's streams say is compared with what its server's store has seen, over random faults. */
const make = clientsOfTest();
let store: TruthfulStore;
let server: NdbServer;
let proxy: FaultProxy;

beforeEach(async () => {
  store = new TruthfulStore();
  server = await NdbServer.listen({ port: 0, store, sweepInterval: 400 });
  proxy = await FaultProxy.listen(server.port);
});
afterEach(async () => {
  await proxy.close();
  await server.close();
});

interface Followed {
  readonly session: Session;
  readonly events: SessionEvent[];
  complete: boolean;
}

function follow(session: Session): Followed {
  const followed: Followed = { session, events: [], complete: false };
  session.events$.subscribe({
    next: (event) => followed.events.push(event),
    complete: () => {
      followed.complete = true;
    },
  });
  return followed;
}

/** Sessions of one and two seconds, with all combinations of flags. */
function create(client: NdbClient): Promise<Session[]> {
  const kinds = Array.from({ length: 32 }, (_, place) => ({
    durationSeconds: 1 + (place & 1),
    deleteSessionOnExpire: (place & 2) > 0,
    extendOnSetAdd: (place & 4) > 0,
    extendOnGet: (place & 8) > 0,
  }));
  return Promise.all(kinds.map((kind) => firstValueFrom(client.sh_create_session(kind))));
}

/** What events claim that the store has not seen. */
function lies({ session: { tkn }, events }: Followed): string[] {
  const told = { cleared: 0, extended: 0, extendedByOthers: 0 };
  return events.flatMap((event, place) => {
    const count = (type: Fact['type']) =>
      store.factsOf(tkn).filter((fact) => fact.type === type && fact.at <= event.at).length;
    const doubt = event.seq === place + 1 ? doubtOf(event, count, told) : 'events are missing';
    const story = events.slice(0, place + 1).map(({ type }) => type);
    return doubt === undefined ? [] : [`${event.type} (${event.certainty}), though ${doubt}: ${story.join(' ')}`];
  });
}

/** How far local and true time may be apart, with what a machine that is busy adds, in ms. */
const slack = 50;

function doubtOf(
  event: SessionEvent,
  count: (type: Fact['type']) => number,
  told: { cleared: number; extended: number; extendedByOthers: number },
): string | undefined {
  switch (event.type) {
    case 'expired': {
      if (event.outcome === 'sessionDeleted') {
        // What was ended by others when it could have expired looks the same, and is told as presumed.
        const isLate = event.certainty === 'presumed' && event.at >= event.deadline.lo - slack;
        return count('deleted') > 0 || (isLate && count('ended') > 0) ? undefined : 'the server did not delete it';
      }
      told.cleared += 1;
      return count('cleared') >= told.cleared ? undefined : `its keys were cleared ${count('cleared')} times`;
    }
    case 'ended': {
      const isPresumed = event.certainty === 'presumed' && count('deleted') > 0;
      return count('ended') > 0 || isPresumed ? undefined : 'nobody ended it';
    }
    case 'extended':
      told.extended += 1;
      if (event.by === 'other') told.extendedByOthers += 1;
      if (count('touched by others') < told.extendedByOthers)
        return `others touched it ${count('touched by others')} times`;
      return count('touched') + count('touched by others') >= told.extended ? undefined : 'nobody touched it so often';
    case 'reset': {
      const happened = {
        extended: count('touched') + count('touched by others') > 0,
        expired: count('cleared') > told.cleared,
        reloaded: false,
        unmoved: true,
      };
      return event.candidates.some((candidate) => happened[candidate])
        ? undefined
        : `it was none of ${event.candidates}`;
    }
    default:
      return undefined;
  }
}

const bad = weather.filter(({ type }) => type !== 'clear');

describe('sessions in bad weather', () => {
  it('say nothing that the server’s store has not seen, and end where it has ended them', async () => {
    const seed = Number(process.env.FAULT_SEED ?? Date.now() % 2 ** 31);
    const random = fc.sample(fc.record({ bad, place: fc.nat(31), pause: fc.integer({ min: 10, max: 60 }) }), {
      seed,
      numRuns: 60,
    });
    const client = make(impatient);
    const other = make();
    await Promise.all([firstValueFrom(client.open(proxy.url)), firstValueFrom(other.open(server.url))]);
    const followed = (await create(client)).map(follow);
    for (const [round, { bad: event, place, pause }] of random.entries()) {
      if (round % 4 === 0) change(event, client);
      if (round % 4 === 2) proxy.heal();
      for (const { session } of followed.slice(place, place + 2)) {
        session.set({ round }).subscribe({ error: () => {} });
        session.get({ key: 'round' }).subscribe({ error: () => {} });
      }
      const tkn = followed[(place * 7) % 32]?.session.tkn ?? 0n;
      if (round % 5 === 0) other.sh_get(tkn, { key: keyOfOthers }).subscribe({ error: () => {} });
      if (round % 15 === 14) other.sh_end(tkn).subscribe({ error: () => {} });
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    proxy.heal();
    const gone = ({ session: { tkn } }: Followed) =>
      store.factsOf(tkn).some(({ type }) => type === 'deleted' || type === 'ended');
    // Whoever is gone has to be told so, now that all is well.
    await expect
      .poll(() => followed.filter((each) => gone(each) && !each.complete).length, {
        timeout: 6000,
        message: `seed ${seed}`,
      })
      .toBe(0);
    expect(followed.flatMap(lies), `seed ${seed}`).toEqual([]);
    expect(
      followed.filter((each) => each.complete && !gone(each)),
      `seed ${seed}`,
    ).toEqual([]);
    const types = new Set(followed.flatMap(({ events }) => events.map(({ type }) => type)));
    for (const type of ['opened', 'extended', 'expired', 'ended']) expect(types).toContain(type);
  });
});

function change(event: Weather, client: NdbClient): void {
  if (event.type !== 'garble' || stateOf(client).state === 'open') apply(proxy, event);
}
