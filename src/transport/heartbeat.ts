import { Observable } from 'rxjs';
import type { Clock } from '../clock.js';
import { ConnectionError } from '../errors.js';
import type { HeartbeatOptions } from './transport.js';

/** What the heartbeat needs to know of the connection it listens to. */
export interface Pulse {
  /** Counts the signs of life so far: any frame, any pong. */
  readonly heard: number;
  /** How long, in ms, a request in flight still waits: a server busy with it answers nothing else meanwhile. */
  readonly patience: number;
  /** Asks for a sign of life. */
  probe(): void;
}

/** A timer this late (ms) means that the machine slept or the page was throttled: the peer had no chance to answer. */
const late = 1000;

/**
 * Listens for a peer that is gone without saying so. Never emits; errors with a `ConnectionError` when a silent peer gave no
 * sign of life within `timeout` of being asked, so at the latest 2 × `interval` + `timeout` after its last one; later only
 * where a request in flight may take longer than that, as a server busy with it is not dead.
 */
export function heartbeat(pulse: Pulse, { interval, timeout }: HeartbeatOptions, clock: Clock): Observable<never> {
  return new Observable((subscriber) => {
    let cancel: () => void = () => {};
    const listen = () => {
      const heard = pulse.heard;
      cancel = clock.schedule(() => {
        if (pulse.heard !== heard) listen();
        else ask();
      }, interval);
    };
    const ask = () => {
      const heard = pulse.heard;
      const wait = Math.max(timeout, pulse.patience);
      const due = clock.now() + wait;
      cancel = clock.schedule(() => {
        if (pulse.heard !== heard) listen();
        else if (clock.now() > due + late) ask();
        else
          subscriber.error(
            new ConnectionError(`The server gave no sign of life within ${Math.round(wait)} ms of being asked.`),
          );
      }, wait);
      pulse.probe();
    };
    listen();
    return () => cancel();
  });
}
