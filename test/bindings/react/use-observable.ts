import { useMemo, useSyncExternalStore } from 'react';
import type { Observable } from 'rxjs';

/** What a stream emitted last; undefined until it has emitted. Subscribes while the component is mounted. */
export function useObservable<Value>(stream$: Observable<Value>): Value | undefined {
  const store = useMemo(() => {
    let latest: Value | undefined;
    return {
      getSnapshot: () => latest,
      subscribe(onChange: () => void) {
        const subscription = stream$.subscribe((value) => {
          latest = value;
          onChange();
        });
        return () => subscription.unsubscribe();
      },
    };
  }, [stream$]);
  return useSyncExternalStore(store.subscribe, store.getSnapshot);
}
