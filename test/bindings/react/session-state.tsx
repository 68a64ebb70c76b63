import type { Session } from 'rx-nemesisdb';
import { useObservable } from './use-observable.js';

export function SessionState({ session }: { readonly session: Session }) {
  const state = useObservable(session.state$);
  return <p>{state?.state}</p>;
}
