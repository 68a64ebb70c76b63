import { defer, ignoreElements, map, type Observable, repeat, startWith, switchMap, tap, timer } from 'rxjs';
import type { Clock } from '../../clock.js';
import { ConnectionError } from '../../errors.js';
import type { HeartbeatOptions } from '../options.js';

/** What the heartbeat needs to know of a connection, and to do about it. */
export interface Pulse {
  /** Counts the signs of life so far: any frame, any pong. */
  readonly lifeSigns: number;
  /** How long, in ms, somebody still waits for a request in flight: a server busy with it answers nothing else. */
  readonly longestWait: number;
  /** Asks for a sign of life. */
  probe(): void;
}

/**
 * If a timer is this late (ms), or the wall clock and the monotonic one part by so much meanwhile, then the machine slept, the
 * page was throttled or the program was busy. What arrived before says nothing any more, and what the peer answered may be
 * unread. Clocks that are merely slewed part by 1.5 ms in `longestTick`.
 */
const late = 1000;

/** The connection is looked at no less often (ms), however long the interval: so soon is it noticed that a machine slept. */
const longestTick = 3000;

/** Looks in an interval. An answer, and a machine that woke, are noticed in a fifth of it. */
const looks = 5;

/** Either the peer showed life lately, or it was asked for it. `until` is when this phase is over by itself. */
type Phase =
  | { readonly type: 'listening'; readonly until: number }
  | {
      readonly type: 'asking';
      readonly since: number;
      readonly until: number;
      /** Before this the peer is not judged. */
      readonly earliest: number;
      /** At this the peer is judged, even if somebody still waits: it may be for requests that were written since. */
      readonly latest: number;
      /** Whether the verdict was put off because we had been away ourselves. Once is enough: a hidden page always is. */
      readonly excused: boolean;
    };

/** The state of a connection at a moment. */
interface Look {
  readonly now: number;
  /** Whether there was a sign of life since the last look. */
  readonly alive: boolean;
  /** Whether more time went by than should have. */
  readonly away: boolean;
  readonly longestWait: number;
}

const listen = (now: number, { interval }: HeartbeatOptions): Phase => ({ type: 'listening', until: now + interval });

function ask({ now, longestWait }: Look, { timeout }: HeartbeatOptions, excused: boolean): Phase {
  const until = now + timeout;
  return { type: 'asking', since: now, until, earliest: until, latest: Math.max(until, now + longestWait), excused };
}

/** The phase that follows. `dead`: the peer is gone. */
function next(phase: Phase, look: Look, options: HeartbeatOptions): Phase | 'dead' {
  const { now, alive, away, longestWait } = look;
  if (away && (alive || phase.type === 'listening' || !phase.excused)) {
    return ask(look, options, !alive && phase.type === 'asking');
  }
  if (alive) return listen(now, options);
  if (phase.type === 'listening') return now < phase.until ? phase : ask(look, options, false);
  const until = Math.max(phase.earliest, Math.min(phase.latest, now + longestWait));
  return now < until ? { ...phase, until } : 'dead';
}

/**
 * Listens for a peer that is gone without saying so. Never emits; errors with a `ConnectionError` if a silent peer gave no sign
 * of life within `timeout` of being asked.
 *
 * It is asked after an `interval` of silence, and at once if we were away ourselves. The verdict falls at most
 * 1.2 × `interval` + `timeout` after the last sign of life. It falls later only while somebody waits for a request in flight,
 * as a server busy with it is not dead; and no later than the longest wait that was left when it was asked, so that new requests
 * do not put it off for ever. `checks$` has it asked at once: each value is a number of ms within which it must answer,
 * whoever waits.
 */
export function heartbeat(
  pulse: Pulse,
  options: HeartbeatOptions,
  clock: Clock,
  checks$: Observable<number>,
): Observable<never> {
  return defer(() => {
    const tick = Math.min(options.interval / looks, longestTick);
    let phase = listen(clock.now(), options);
    let lifeSigns = pulse.lifeSigns;
    let offset = clock.wall() - clock.now();
    let dueAt = 0;

    const untilNextLook = () => {
      const now = clock.now();
      // A whole ms at least, as a fraction may not move a clock at all.
      const delay = Math.max(1, Math.min(tick, phase.until - now));
      dueAt = now + delay;
      return delay;
    };
    const look = (): Look => {
      const now = clock.now();
      const away = now > dueAt + late || Math.abs(clock.wall() - now - offset) > late;
      const alive = pulse.lifeSigns !== lifeSigns;
      lifeSigns = pulse.lifeSigns;
      offset = clock.wall() - now;
      return { now, alive, away, longestWait: pulse.longestWait };
    };
    const enter = (following: Phase | 'dead') => {
      if (following === 'dead') {
        const wait = phase.type === 'asking' ? Math.round(clock.now() - phase.since) : 0;
        throw new ConnectionError(`The server gave no sign of life within ${wait} ms of being asked.`);
      }
      const asks = following.type === 'asking' && (phase.type === 'listening' || following.since !== phase.since);
      phase = following;
      if (asks) pulse.probe();
    };
    const check = (within: number) => {
      const now = clock.now();
      const until = phase.type === 'asking' ? Math.min(phase.until, now + within) : now + within;
      lifeSigns = pulse.lifeSigns;
      enter({ type: 'asking', since: now, until, earliest: until, latest: until, excused: false });
    };
    return checks$.pipe(
      map(check),
      startWith(undefined),
      switchMap(() =>
        defer(() => timer(untilNextLook(), clock.scheduler)).pipe(
          tap(() => enter(next(phase, look(), options))),
          repeat(),
        ),
      ),
      ignoreElements(),
    );
  });
}
