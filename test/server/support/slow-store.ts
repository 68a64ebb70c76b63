import { setImmediate as later } from 'node:timers/promises';
import type { Store } from '../../../src/server/index.js';

/** A store that answers later, as one over a network does: every method of another, a turn of the event loop away. */
export function slowStore(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const call = member.bind(target) as (...values: unknown[]) => unknown; // just seen to be a function
      if (/^(scan|topLevelKeys|startExpiry)/.test(String(name))) return call;
      return async (...values: unknown[]) => {
        await later();
        const result = call(...values);
        await later();
        return result;
      };
    },
  });
}
