import type { NdbClient } from 'rx-nemesisdb';
import { map, mergeMap, type Observable } from 'rxjs';

/** Who holds baskets: a client, or whatever has this call of one. */
type Baskets = Pick<NdbClient, 'sh_create_session'>;

/** A basket that is abandoned if nothing is put into it for ten minutes. Emits once, when it is. */
export function abandonedBasket(client: Baskets, firstItem: string): Observable<string> {
  return client.sh_create_session({ durationSeconds: 600, deleteSessionOnExpire: true, extendOnSetAdd: true }).pipe(
    mergeMap((session) => session.set({ items: [firstItem] }).pipe(mergeMap(() => session.expired$))),
    map(() => `a basket with ${firstItem} was abandoned`),
  );
}
