import type { SuspensionReason } from './events.js';
import type { FollowedSession } from './followed.js';
import type { Lookout } from './lookout.js';
import type { Missing } from './missing.js';
import type { Prober } from './prober.js';
import type { Roll } from './roll.js';
import { isExtendable, unseenSleep } from './verdict.js';

/** Trust in the connection and in the clocks: what is done when it is lost, and when it is regained. */
export class Trust {
  constructor(
    private readonly roll: Roll,
    private readonly prober: Prober<FollowedSession>,
    private readonly missing: Missing,
    private readonly lookout: Lookout,
  ) {}

  /** The clocks have parted. */
  jumped(): void {
    this.#suspend('clock');
    this.missing.askAll('clock');
  }

  connectionIs(status: 'open' | 'lost' | 'closed'): void {
    const { roll } = this;
    if (roll.status === 'closed' || roll.status === status) return;
    roll.checkClocks();
    roll.status = status;
    switch (status) {
      case 'open':
        this.#callWitnesses();
        if (roll.followed.size > 0) this.missing.askAll('connection');
        return;
      case 'lost':
        roll.connection += 1;
        roll.continuity.connectionLost();
        this.#suspend('connection');
        return;
      case 'closed':
        this.prober.stop();
        this.missing.stop();
        roll.eachFollowed((session) => roll.take(session, { kind: 'closed' }));
    }
  }

  /** A session goes on as soon as it is known what became of it. */
  resume(session: FollowedSession): void {
    const { life } = session;
    if (life.is !== 'suspended' || session.fate !== 'none' || this.roll.status !== 'open') return;
    this.roll.continuity.settle(this.roll.connection);
    if (this.#needsLook(session)) {
      session.resuming = true;
      this.prober.ask(session, 'info');
    } else {
      this.roll.take(session, { kind: 'resumed' });
      this.lookout.proceed(session);
    }
  }

  /** Where a server can load sessions: one that tells of its own deadline may spare all others from being asked about theirs. */
  #callWitnesses(): void {
    const { followed, continuity, connection, port } = this.roll;
    if (followed.size === 0) continuity.settle(connection);
    if (!port.persistEnabled) return;
    for (const session of continuity.witnesses(followed.values(), this.roll.now())) this.prober.ask(session, 'info');
  }

  #suspend(reason: SuspensionReason): void {
    this.missing.stop();
    this.prober.stop();
    const before = this.roll.starts;
    this.roll.eachFollowed((session) => {
      // It was left and is followed anew since then: what is known of it is of after that.
      if (session.startNumber > before) return;
      session.resuming = false;
      this.roll.agenda.plan(session, Number.POSITIVE_INFINITY);
      this.roll.suspend(session, reason);
    });
  }

  /** Whether it does not tell all that a session is there. */
  #needsLook({ life, knownIn }: FollowedSession): boolean {
    if (life.is === 'over') return false;
    const { settings, deadline, lost } = life.known;
    if (settings.duration === 0) return false;
    if (lost !== undefined) return true;
    // The server may have been started again, and have loaded it from a dataset: then its deadline began anew.
    if (this.roll.port.persistEnabled && this.roll.continuity.isBrokenSince(knownIn)) return true;
    const now = this.roll.now();
    if (now < deadline.lo - unseenSleep) return false;
    return !settings.deleteSession || isExtendable(settings) || now < deadline.hi;
  }
}
