import { type Waiting, WaitingLine } from '../waiting-line.js';
import type { Agenda } from './agenda.js';
import { type Answers, Asked } from './asked.js';
import type { Question, SessionPort } from './port.js';

/** What is asked about a session, and how far that is: answered, the answer waits to be taken in, unless something else is heard. */
export type Inquiry = 'nothing' | `${'exists' | 'info'}-${'waits' | 'under-way' | 'answered'}`;

/** What the prober needs to know of a session. */
export interface Askable<Self> extends Waiting<Self> {
  readonly tkn: bigint;
  /** Belongs to the prober. */
  asked: Inquiry;
}

/**
 * Questions in one round; the next begins when all are answered. They share a write and, from most servers, a read: asked one by
 * one, the system calls were the most of what a question costs. Few enough for ordinary requests to slip in between: the server works on
 * a round for a tenth of a millisecond or two.
 */
const fewestInRound = 8;

/** Over a slow link, a round takes its time whatever it asks: it is to ask so much for each millisecond until the first answer. */
const perMillisecond = 2;

/** What a slow server is to be asked at most in one round. */
const mostInRound = 64;

/** What part of a round is about many sessions: the server works on such a question for as long as on seven of the others. */
const shareOfMany = 1 / 8;

/** Most sessions in one question: an answer has to be taken in at one go. */
const mostInOne = 1000;

const envelope = '{"SH_EXISTS":{"tkns":[]}}'.length;

/** A token and a comma at their longest. Counting the digits of each took longer than all else about a question. */
const tokenBytes = '18446744073709551615,'.length;

const stages = {
  exists: { waits: 'exists-waits', underWay: 'exists-under-way', answered: 'exists-answered' },
  info: { waits: 'info-waits', underWay: 'info-under-way', answered: 'info-answered' },
} as const;

/** Asks the server about sessions: many in one `SH_EXISTS`, or one by `SH_INFO`. Neither extends a session. */
export class Prober<Session extends Askable<Session>> {
  readonly #exists = new WaitingLine<Session>();
  readonly #info = new WaitingLine<Session>();
  /** The questions of the present round, and how many of them are under way. */
  #round: Asked<Session>[] = [];
  #underWay = 0;
  #inRound = fewestInRound;
  /** When the present round was sent, until its first answer comes. */
  #roundBegan: number | undefined;
  #flushing = false;

  constructor(
    private readonly port: SessionPort,
    private readonly agenda: Agenda,
    private readonly answers: Answers<Session>,
  ) {}

  /**
   * Asks, together with all else that is asked about soon. `info` answers `exists` as well: it takes the place of one that waits,
   * or is under way.
   */
  ask(session: Session, what: 'exists' | 'info'): void {
    const { asked } = session;
    if (asked !== 'nothing' && (what === 'exists' || isInfo(asked))) return;
    this.forget(session);
    session.asked = stages[what].waits;
    (what === 'exists' ? this.#exists : this.#info).join(session);
    this.#flushSoon();
  }

  /** Forgets a session that nobody follows any more. What was asked already is answered, and not heard. */
  forget(session: Session): void {
    if (session.asked === 'exists-waits') this.#exists.leave(session);
    else if (session.asked === 'info-waits') this.#info.leave(session);
    session.asked = 'nothing';
  }

  /** Forgets all questions. */
  stop(): void {
    for (const line of [this.#exists, this.#info]) {
      for (let session = line.next(); session !== undefined; session = line.next()) session.asked = 'nothing';
    }
    for (const { sessions, giveUp } of this.#round) {
      giveUp();
      for (const session of sessions) session.asked = 'nothing';
    }
    this.#round = [];
    this.#underWay = 0;
    this.#flushing = false;
  }

  #flushSoon(): void {
    if (this.#flushing || this.#underWay > 0 || (this.#exists.first ?? this.#info.first) === undefined) return;
    this.#flushing = true;
    this.agenda.workSoon(() => this.#flush());
  }

  /** Sends a round. */
  #flush(): false {
    this.#flushing = false;
    if (this.#underWay > 0) return false;
    this.#round = [];
    this.#roundBegan = this.port.clock.now();
    const mostOfMany = this.#inRound * shareOfMany;
    for (let many = 0; this.#round.length < this.#inRound; ) {
      if (many < mostOfMany && this.#askForMany()) many += 1;
      else if (!this.#askForOne()) break;
    }
    return false;
  }

  #askForMany(): boolean {
    const fitting = Math.floor((this.port.maxPayload - envelope) / tokenBytes);
    const most = Math.min(mostInOne, Math.max(1, fitting));
    const sessions: Session[] = [];
    while (sessions.length < most) {
      const session = this.#exists.next();
      if (session === undefined) break;
      sessions.push(session);
    }
    if (sessions.length === 0) return false;
    this.#send({ command: 'SH_EXISTS', tkns: sessions.map(({ tkn }) => tkn) }, 'exists', sessions);
    return true;
  }

  #askForOne(): boolean {
    const session = this.#info.next();
    if (session === undefined) return false;
    this.#send({ command: 'SH_INFO', tkn: session.tkn }, 'info', [session]);
    return true;
  }

  #send(question: Question, what: 'exists' | 'info', sessions: readonly Session[]): void {
    const asked = new Asked(what, sessions, this.#answered);
    const round = this.#round;
    round.push(asked);
    for (const session of sessions) session.asked = stages[what].underWay;
    this.#underWay += 1;
    asked.giveUp = this.port.ask(question, asked);
    if (round !== this.#round) asked.giveUp(); // stopped by somebody who was told of it
  }

  /**
   * Takes an answer in: in slices, and not at once. Answers come several to a chunk, and what others asked for is to be delivered
   * first. They count as under way for as long as that takes.
   */
  readonly #answered = (asked: Asked<Session>): void => {
    const round = this.#round;
    if (!round.includes(asked)) return; // stopped
    this.#measureLink();
    const { sessions, what } = asked;
    const { underWay, answered } = stages[what];
    // Others were forgotten meanwhile, or are asked about anew.
    for (const session of sessions) if (session.asked === underWay) session.asked = answered;
    this.agenda.workSoon(() => {
      if (round !== this.#round) return false;
      const session = asked.next();
      if (session === undefined) {
        this.#underWay -= 1;
        this.#flushSoon();
        return false;
      }
      if (session.asked === answered) {
        session.asked = 'nothing';
        asked.takeIn(session, this.answers);
      }
      return true;
    });
  };

  /** By the first answer alone: those that come later tell how slow the server is, and a slow one is not to be asked more. */
  #measureLink(): void {
    if (this.#roundBegan === undefined) return;
    const took = this.port.clock.now() - this.#roundBegan;
    this.#roundBegan = undefined;
    this.#inRound = Math.min(mostInRound, Math.max(fewestInRound, Math.floor(took * perMillisecond)));
  }

  /**
   * Something else is about to be heard of a session: an answer that came before, and waits to be taken in, goes first. Taken in after, it
   * would undo what is known; and dropped, it might never come to an end where much is heard of a session. Whether there was one.
   */
  catchUp(session: Session): boolean {
    const { asked } = session;
    if (asked !== 'exists-answered' && asked !== 'info-answered') return false;
    session.asked = 'nothing';
    const answered = this.#round.find(
      ({ what, sessions }) => stages[what].answered === asked && sessions.includes(session),
    );
    answered?.takeIn(session, this.answers);
    return true;
  }
}

const isInfo = (asked: Inquiry) => asked === 'info-waits' || asked === 'info-under-way' || asked === 'info-answered';
