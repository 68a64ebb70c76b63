import { Observable } from 'rxjs';
import type { Clock } from '../../clock.js';
import { ConnectionError } from '../../errors.js';
import type { HeartbeatOptions } from '../transport.js';

/** What the heartbeat needs to know of the connection it listens to. */
export interface Pulse {
  /** Counts the signs of life so far: any frame, any pong. */
  readonly heard: number;
  /** How long, in ms, a request in flight still waits: a server busy with it answers nothing else meanwhile. */
  readonly patience: number;
  /** Asks for a sign of life. */
  probe(): void;
}

/**
 * A timer this late (ms), or clocks that part by so much from one timer to the next: the machine slept, the page was
 * throttled or the program was busy. What was heard before says nothing any more, and what the peer answered may be unread.
 * Clocks that are merely slewed part by 1.5 ms in `longestTick`.
 */
const late = 1000;

/** Looks come at least this often (ms): so soon after waking a machine is seen to have slept, however long the interval. */
const longestTick = 3000;

/** Looks in an interval: an answer, and a machine that woke, are noticed in a fifth of it. */
const looks = 5;

/** Either life was heard lately, or the peer was asked for it. */
type Phase =
  | { readonly type: 'listening'; readonly askAt: number }
  | {
      readonly type: 'asking';
      readonly askedAt: number;
      /** Before this, the peer is not judged. */
      readonly earliest: number;
      /** At this it is, even if somebody still waits: it may be for requests that were written since. */
      readonly latest: number;
      /** Whether the verdict was put off because we had been away ourselves. Once is enough: a hidden page always is. */
      readonly excused: boolean;
    };

/**
 * Listens for a peer that is gone without saying so. Never emits; errors with a `ConnectionError` when a silent peer gave no
 * sign of life within `timeout` of being asked.
 *
 * It is asked after an `interval` of silence, and at once when a timer rings late or the wall clock has left the monotonic one
 * (which may stand still while a machine sleeps). As silence is measured from look to look, the verdict falls at the latest
 * 1.2 × `interval` + `timeout` after the last sign of life. It waits for longer only while somebody waits for a request in
 * flight, as a server busy with it is not dead; and not for longer than the longest of those left to wait when it asked, so
 * that new requests do not put it off for ever.
 */
export function heartbeat(pulse: Pulse, { interval, timeout }: HeartbeatOptions, clock: Clock): Observable<never> {
  return new Observable((subscriber) => {
    const tick = Math.min(interval / looks, longestTick);
    let cancel: () => void = () => {};
    let heard = pulse.heard;
    let offset = clock.wall() - clock.now();

    /** Looks again at that moment, or before; in a whole ms at least, as a fraction may not move a clock at all. */
    const lookBy = (at: number, phase: Phase) => {
      const now = clock.now();
      const due = now + Math.max(1, Math.min(tick, at - now));
      cancel = clock.schedule(() => look(phase, due), due - now);
    };
    const listen = () => {
      heard = pulse.heard;
      const askAt = clock.now() + interval;
      lookBy(askAt, { type: 'listening', askAt });
    };
    const ask = (excused: boolean) => {
      heard = pulse.heard;
      const askedAt = clock.now();
      const earliest = askedAt + timeout;
      const latest = askedAt + Math.max(timeout, pulse.patience);
      lookBy(earliest, { type: 'asking', askedAt, earliest, latest, excused });
      pulse.probe();
    };
    /** Whether more time went by than this timer was to take. */
    const wasAway = (due: number) => {
      const now = clock.now();
      const before = offset;
      offset = clock.wall() - now;
      return now > due + late || Math.abs(offset - before) > late;
    };
    const look = (phase: Phase, due: number) => {
      const now = clock.now();
      const away = wasAway(due);
      const answered = pulse.heard !== heard;
      if (away && (answered || phase.type === 'listening' || !phase.excused)) ask(!answered && phase.type === 'asking');
      else if (answered) listen();
      else if (phase.type === 'listening') {
        if (now < phase.askAt) lookBy(phase.askAt, phase);
        else ask(false);
      } else judge(phase, now);
    };
    const judge = (phase: Extract<Phase, { type: 'asking' }>, now: number) => {
      const { askedAt, earliest, latest } = phase;
      const at = now < earliest ? earliest : Math.min(latest, now + pulse.patience);
      if (now < at) lookBy(at, phase);
      else {
        const wait = Math.round(now - askedAt);
        subscriber.error(new ConnectionError(`The server gave no sign of life within ${wait} ms of being asked.`));
      }
    };
    listen();
    return () => cancel();
  });
}
