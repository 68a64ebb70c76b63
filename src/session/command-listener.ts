import { Status } from '../protocol/status.js';
import type { Reply } from '../transport/transport.js';
import { said, saidByLoss, tokensOf } from './command-evidence.js';
import type { Findings } from './findings.js';
import type { FollowedSession } from './followed.js';
import type { Missing } from './missing.js';
import type { CommandObserver, SettledCommand } from './port.js';
import type { Roll } from './roll.js';

/** Hears every command that the client settles, and knows what that says of the sessions that are followed. */
export class CommandListener implements CommandObserver {
  constructor(
    private readonly roll: Roll,
    private readonly missing: Missing,
    private readonly findings: Findings,
    private readonly ask: (session: FollowedSession, what: 'exists' | 'info') => void,
  ) {}

  /** Whether replies are of interest to anybody; those that end sessions always are, once there are any. */
  get listening(): boolean {
    return this.#anyFollowed || !this.roll.unheardTouches.isEmpty;
  }

  get #anyFollowed(): boolean {
    return this.roll.followed.size > 0;
  }

  replied(command: SettledCommand, reply: Reply): void {
    this.roll.unheardTouches.answered(reply.writtenAt);
    this.roll.continuity.heard(reply.writtenAt);
    if (command.tkn !== undefined) {
      const session = this.#anyFollowed ? this.roll.followed.get(command.tkn) : undefined;
      if (session === undefined) this.#repliedUnfollowed(command.tkn, command, reply);
      else if (session.fate === 'none') this.#repliedFor(session, command, reply);
      return;
    }
    if (reply.body.st !== Status.Ok || (!this.#anyFollowed && !ends(command))) return;
    if (command.row.command === 'SH_END_ALL') this.#allEnded(this.roll.spanOf(reply).hi);
    else if (command.row.command === 'SH_EXISTS') this.#overheard(command.argument, reply);
  }

  lost(command: SettledCommand): void {
    if (command.tkn !== undefined) {
      const session = this.roll.followed.get(command.tkn);
      if (session === undefined) this.#lostUnfollowed(command.tkn, command);
      else if (session.fate === 'none') this.#lostFor(session, command);
      return;
    }
    if (command.row.command !== 'SH_END_ALL') return;
    this.roll.unheardEnds += 1;
    for (const session of this.roll.followed.values()) session.ownEnd = 'lost';
    this.missing.askAll(undefined);
  }

  /** The token of one that our `sh_end_all` ended is in use again, before all were told. */
  settle(session: FollowedSession): void {
    this.#endedByUs(session, this.roll.now());
  }

  /** Nobody follows it now; who does later is to hear that it is gone, and not that another client ended it where we did. */
  #repliedUnfollowed(tkn: bigint, command: SettledCommand, reply: Reply): void {
    const { st } = reply.body;
    if (st === Status.SessionNotExist) {
      const session = this.roll.remembered.find(tkn);
      if (session !== undefined) this.missing.foundUnfollowed(session, this.roll.spanOf(reply).hi);
      return;
    }
    if (st !== Status.Ok) return;
    if (mayClear(command)) this.roll.clearedAt = this.roll.now();
    if (!ends(command) && !this.roll.port.persistEnabled) return;
    const session = this.roll.remembered.find(tkn);
    if (session !== undefined) this.missing.foundAgain(session);
    if (!ends(command)) return;
    if (session === undefined) this.roll.unheardEnds += 1;
    else this.roll.take(session, { kind: 'ended' });
  }

  #lostUnfollowed(tkn: bigint, command: SettledCommand): void {
    const evidence = saidByLoss(command, this.roll.now());
    if (evidence?.kind === 'keys') this.roll.clearedAt = this.roll.now();
    if (evidence?.kind === 'touch-lost') this.roll.unheardTouches.lost(tkn, evidence.with, evidence.until);
    if (!ends(command)) return;
    const session = this.roll.remembered.find(tkn);
    if (session === undefined) this.roll.unheardEnds += 1;
    else session.ownEnd = 'lost';
  }

  #repliedFor(session: FollowedSession, command: SettledCommand, reply: Reply): void {
    const span = this.roll.spanOf(reply);
    const what = said(command, reply, span);
    if (what === 'nothing') return;
    if (what === 'gone') {
      this.findings.exists(session, span, false);
      return;
    }
    session.aliveIn = this.roll.connection;
    if (what !== 'alive') this.findings.learn(session, what);
  }

  #lostFor(session: FollowedSession, command: SettledCommand): void {
    this.roll.checkClocks();
    if (command.row.command === 'SH_END') {
      session.ownEnd = 'lost';
      this.ask(session, 'exists');
    }
    const evidence = saidByLoss(command, this.roll.now());
    if (evidence === undefined) return;
    const { life } = session;
    this.findings.learn(session, evidence);
    if (session.life !== life && evidence.kind === 'touch-lost') this.ask(session, 'info');
  }

  /** This client ended all that were left. What is known to be gone was not, and one that was overdue may have expired before. */
  #allEnded(answeredAt: number): void {
    this.roll.unheardEnds += 1;
    const sessions = [...this.roll.followed.values()].filter(({ fate }) => fate === 'none');
    for (const session of sessions) session.fate = 'ended-by-self';
    this.roll.each(sessions, (session) => this.#endedByUs(session, answeredAt));
  }

  #endedByUs(session: FollowedSession, answeredAt: number): void {
    this.roll.sleptThrough(session);
    this.roll.take(session, { kind: 'gone', answeredAt, endedBy: 'self', allGone: true });
  }

  /** The program asked on its own which sessions exist. */
  #overheard(argument: unknown, reply: Reply): void {
    const existing = new Set(tokensOf(reply.body.exist));
    const span = this.roll.spanOf(reply);
    for (const tkn of tokensOf(argument)) {
      const session = this.roll.followed.get(tkn);
      if (session?.fate === 'none') this.findings.exists(session, span, existing.has(tkn));
    }
  }
}

/** Whether a command may remove keys. */
function mayClear({ row }: SettledCommand): boolean {
  return row.command === 'SH_CLEAR' || row.command === 'SH_CLEAR_SET' || row.command === 'SH_RMV';
}

/** Whether a command of this client ends sessions. */
function ends({ row }: SettledCommand): boolean {
  return row.command === 'SH_END' || row.command === 'SH_END_ALL';
}
