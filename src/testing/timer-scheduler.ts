import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';

/** The two functions of a clock that a scheduler needs. */
export interface Timers {
  now(): number;
  schedule(work: () => void, delay: number): () => void;
}

/** An RxJS scheduler over the timers of a clock, so that operators such as `timer` run on its time. */
export class TimerScheduler implements SchedulerLike {
  constructor(private readonly timers: Timers) {}

  now(): number {
    return this.timers.now();
  }

  schedule<State>(work: (this: SchedulerAction<State>, state?: State) => void, delay = 0, state?: State): Subscription {
    return new Action(this.timers, work).schedule(state, delay);
  }
}

class Action<State> extends Subscription implements SchedulerAction<State> {
  #pending: Subscription | undefined;

  constructor(
    private readonly timers: Timers,
    private readonly work: (this: SchedulerAction<State>, state?: State) => void,
  ) {
    super();
  }

  schedule(state?: State, delay = 0): Subscription {
    if (this.closed) return this;
    if (this.#pending !== undefined) {
      this.remove(this.#pending);
      this.#pending.unsubscribe();
    }
    const pending = new Subscription();
    this.#pending = pending;
    this.add(pending);
    pending.add(
      this.timers.schedule(() => {
        this.remove(pending);
        this.#pending = undefined;
        this.work(state);
        if (this.#pending === undefined) this.unsubscribe(); // it did not schedule itself again
      }, delay),
    );
    return this;
  }
}
