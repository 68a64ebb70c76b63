import { map, merge, type Observable, switchMap } from 'rxjs';
import type { NdbClient, SessionEvent } from '../../index.js';
import type { JsonObject } from '../../protocol/json.js';
import { type Line, line, type Output, type Paint, type Style, status } from '../output.js';

/** Shows what happens to a session until it is gone, with a countdown on a terminal. */
export function watchSession(client: NdbClient, tkn: string, paint: Paint): Observable<Output> {
  return client.session(tkn).pipe(
    switchMap((session) => {
      const events$ = session.events$.pipe(map((event) => eventLine(event, paint)));
      const countdown$ = session.remaining$(1000).pipe(map((ms) => status(paint('dim', countdown(ms)))));
      return merge(events$, countdown$);
    }),
  );
}

const countdown = (ms: number): string =>
  Number.isFinite(ms) ? `         ${Math.ceil(ms / 1000)} s left` : '         never expires';

/** What an event means, in words; and how it is marked. */
function describe(event: SessionEvent): readonly [Style, string] {
  switch (event.type) {
    case 'opened':
      return ['dim', 'watching'];
    case 'extended':
      return ['green', event.by === 'self' ? 'extended' : 'extended by another client'];
    case 'expiring':
      return ['yellow', `expires in ${Math.round(event.inMs / 1000)} s`];
    case 'overdue':
      return ['yellow', 'is past its deadline: the server may let it lapse'];
    case 'expired':
      return [
        'red',
        event.outcome === 'sessionDeleted' ? 'expired: the session is gone' : 'expired: its keys are gone',
      ];
    case 'ended':
      return ['red', 'was ended'];
    case 'reset':
      return ['yellow', `its deadline moved: ${event.candidates.join(' or ')}`];
    case 'suspended':
      return ['dim', `nothing is known for now (${event.reason})`];
    case 'resumed':
      return ['dim', 'watching again'];
  }
}

/** Members of an event that a program can use outside of this process: no monotonic times. */
function members(event: SessionEvent): JsonObject {
  const { type, certainty, tkn } = event;
  const common = { at: new Date().toISOString(), tkn: String(tkn), type, certainty };
  switch (event.type) {
    case 'extended':
    case 'ended':
      return { ...common, by: event.by };
    case 'expiring':
      return { ...common, inMs: Math.round(event.inMs) };
    case 'expired':
      return { ...common, outcome: event.outcome };
    case 'reset':
      return { ...common, candidates: [...event.candidates] };
    case 'suspended':
    case 'resumed':
      return { ...common, reason: event.reason };
    default:
      return common;
  }
}

function eventLine(event: SessionEvent, paint: Paint): Line {
  const [style, words] = describe(event);
  const time = new Date().toLocaleTimeString('en-GB');
  return line(members(event), `${paint('dim', time)} ${paint(style, words)} ${paint('dim', `(${event.certainty})`)}`);
}
