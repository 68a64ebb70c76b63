/** Simulated shoppers: each has a session with a basket, comes back to it a few times, and then checks out or walks away. */
import type { NdbClient, NewSession, Session } from 'rx-nemesisdb';
import {
  concat,
  concatMap,
  defer,
  ignoreElements,
  map,
  merge,
  type Observable,
  of,
  range,
  repeat,
  retry,
  switchMap,
  timer,
} from 'rxjs';

/** A session that has just been created, and whose it is. */
export interface Arrival {
  readonly tkn: bigint;
  readonly name: string;
}

const names = [
  ...['Ada', 'Amara', 'Ben', 'Chiara', 'Daniel', 'Elif', 'Farid', 'Grace', 'Hana', 'Ines', 'Jonas', 'Kofi', 'Lena'],
  ...['Mateo', 'Nadia', 'Omar', 'Priya', 'Quinn', 'Rosa', 'Sven', 'Tariq', 'Uma', 'Viktor', 'Wen', 'Yara', 'Zoe'],
];
const goods = ['pears', 'bread', 'olives', 'coffee', 'rice', 'soap', 'honey', 'tea', 'figs', 'salt', 'candles', 'oats'];

const between = (least: number, most: number) => least + Math.random() * (most - least);
const oneOf = <Item>(items: readonly Item[], fallback: Item): Item =>
  items[Math.floor(Math.random() * items.length)] ?? fallback;

/** Emits every session that a shopper begins. Runs until it is unsubscribed. */
export function shoppers(client: NdbClient, count: number): Observable<Arrival> {
  return merge(...Array.from({ length: count }, (_, index) => shopper(client, index)));
}

function shopper(client: NdbClient, index: number): Observable<Arrival> {
  const initial = String.fromCharCode(65 + ((index + Math.floor(index / names.length)) % 26));
  const name = `${names[index % names.length]} ${initial}.`;
  return timer(between(0, 5000)).pipe(
    switchMap(() => defer(() => visit(client, name, index % 12 === 0)).pipe(repeat())),
    retry({ delay: () => timer(between(1000, 3000)) }), // the server may be gone for a while
  );
}

/** One session from its beginning to its end. A saved basket only loses its keys when it expires. */
function visit(client: NdbClient, name: string, savedBasket: boolean): Observable<Arrival> {
  const seconds = Math.round(between(12, 60));
  const settings: NewSession = {
    durationSeconds: seconds,
    deleteSessionOnExpire: !savedBasket,
    extendOnSetAdd: true,
    extendOnGet: !savedBasket && Math.random() < 0.7,
  };
  return client.sh_create_session(settings).pipe(
    switchMap((session) => {
      const shopping$ = range(0, Math.floor(between(0, 6))).pipe(
        concatMap(() => timer(between(0.2, 0.9) * seconds * 1000)),
        concatMap(() => session.set(basketOf(name))),
      );
      const checksOut = Math.random() < 0.35;
      const leaving$ = checksOut ? session.end() : timer((seconds + between(6, 15)) * 1000);
      return concat(
        session.set(basketOf(name)).pipe(map((): Arrival => ({ tkn: session.tkn, name }))),
        concat(shopping$, leaving$, endOf(session, savedBasket)).pipe(ignoreElements()),
      );
    }),
  );
}

/** A saved basket stays for ever if nobody ends it. */
const endOf = (session: Session, savedBasket: boolean): Observable<void> =>
  savedBasket ? session.end() : of(undefined);

function basketOf(name: string) {
  const basket = Array.from({ length: Math.ceil(between(0, 4)) }, () => oneOf(goods, 'pears'));
  return { name, basket, total: Math.round(between(3, 80) * 100) / 100, page: `/shop/${basket[0]}` };
}
