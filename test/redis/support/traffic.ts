import { setTimeout as wait } from 'node:timers/promises';
import { type Store, StoreUnavailable } from '../../../src/server/store/store.js';

/** What traffic on a store has seen. */
export interface Traffic {
  /** How often each key's number was raised, as far as that was acknowledged. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** How often each key's number may have been raised without an acknowledgement. */
  readonly uncertain: ReadonlyMap<string, number>;
  /** Errors other than `StoreUnavailable`. */
  readonly surprises: readonly unknown[];
  /** Resolves when the last call is settled. */
  stop(): Promise<void>;
}

/** Raises the numbers under top-level keys again and again, each key by one caller at a time. */
export function startTraffic(store: Store, keys: readonly string[]): Traffic {
  const acknowledged = new Map<string, number>();
  const uncertain = new Map<string, number>();
  const surprises: unknown[] = [];
  let isRunning = true;
  const raise = async (key: string) => {
    while (isRunning) {
      try {
        await store.update(key, (value) => ({ value: String(Number(value) + 1), result: undefined }));
        acknowledged.set(key, (acknowledged.get(key) ?? 0) + 1);
      } catch (cause) {
        if (!(cause instanceof StoreUnavailable)) surprises.push(cause);
        uncertain.set(key, (uncertain.get(key) ?? 0) + 1);
        // A store that is away refuses at once, and would be asked without end.
        await wait(5);
      }
    }
  };
  const callers = Promise.all(keys.map(raise));
  return {
    acknowledged,
    uncertain,
    surprises,
    async stop() {
      isRunning = false;
      await callers;
    },
  };
}

/** Asserts by returning what is wrong: numbers that show a lost or a repeated acknowledged change. */
export async function wrongNumbers(store: Store, { acknowledged, uncertain }: Traffic): Promise<string[]> {
  const keys = [...new Set([...acknowledged.keys(), ...uncertain.keys()])];
  const values = (await store.get(undefined, keys)) ?? [];
  return keys.flatMap((key, index) => {
    const least = acknowledged.get(key) ?? 0;
    const most = least + (uncertain.get(key) ?? 0);
    const value = Number(values[index]);
    return value >= least && value <= most ? [] : [`${key} is ${value}, not from ${least} to ${most}`];
  });
}
