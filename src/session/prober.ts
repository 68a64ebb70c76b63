import { type Observable, Subscription } from 'rxjs';
import type { JsonObject, JsonValue } from '../protocol/json.js';
import { Status } from '../protocol/status.js';
import type { Reply } from '../transport/transport.js';
import type { Agenda } from './agenda.js';
import type { Interval } from './deadline.js';
import type { SessionPort } from './port.js';
import type { SessionReport } from './state.js';

/** What the prober needs to know of a session. */
export interface Askable {
  readonly tkn: bigint;
  /** The question that waits for it or is under way. Belongs to the prober. */
  asked: 'nothing' | 'exists' | 'info';
}

/** Who hears what the server says. Each session that was asked about is answered once, unless the prober is stopped. */
export interface Answers<Session> {
  exists(session: Session, span: Interval, exists: boolean): void;
  informed(session: Session, span: Interval, report: SessionReport): void;
  /** No answer that can be understood. */
  unanswered(session: Session): void;
}

/** Questions under way at once: enough to get on, few enough for ordinary requests to slip in between. */
const atOnce = 4;

/** Most sessions in one question: an answer has to be taken in at one go. */
const mostInOne = 1000;

const envelope = '{"SH_EXISTS":{"tkns":[]}}'.length;

/** From writing a request for the first time to its answer. */
export const spanOf = (reply: Reply): Interval => ({ lo: reply.firstWrittenAt, hi: reply.answeredAt });

/** Asks the server about sessions: many in one `SH_EXISTS`, or one by `SH_INFO`. Neither extends a session. */
export class Prober<Session extends Askable> {
  readonly #exists: Set<Session> = new Set();
  readonly #info: Set<Session> = new Set();
  readonly #underWay = new Set<readonly Session[]>();
  #flushing = false;
  #requests = new Subscription();

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
    if (session.asked === what || session.asked === 'info') return;
    this.#exists.delete(session);
    session.asked = what;
    (what === 'exists' ? this.#exists : this.#info).add(session);
    this.#flushSoon();
  }

  /** Forgets a session that nobody follows any more. What was asked already is answered, and not heard. */
  forget(session: Session): void {
    session.asked = 'nothing';
    this.#exists.delete(session);
    this.#info.delete(session);
  }

  /** Forgets all questions. */
  stop(): void {
    this.#requests.unsubscribe();
    this.#requests = new Subscription();
    for (const session of this.#exists) session.asked = 'nothing';
    for (const session of this.#info) session.asked = 'nothing';
    for (const sessions of this.#underWay) for (const session of sessions) session.asked = 'nothing';
    this.#exists.clear();
    this.#info.clear();
    this.#underWay.clear();
    this.#flushing = false;
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.agenda.workSoon(() => this.#flush());
  }

  /** Sends one request; whether another one may follow at once. */
  #flush(): boolean {
    const more = this.#underWay.size < atOnce && (this.#askForMany() || this.#askForOne());
    if (!more) this.#flushing = false;
    return more;
  }

  #askForMany(): boolean {
    const sessions: Session[] = [];
    let bytes = envelope;
    for (const session of this.#exists) {
      bytes += digits(session.tkn) + 1;
      if (sessions.length === mostInOne || (bytes > this.port.maxPayload && sessions.length > 0)) break;
      sessions.push(session);
      this.#exists.delete(session);
    }
    if (sessions.length === 0) return false;
    const tkns = sessions.map(({ tkn }) => tkn);
    this.#send(this.port.send('SH_EXISTS', { tkns }), sessions, ({ body }, span) => {
      const existing = body.st === Status.Ok ? tokensIn(body.exist) : undefined;
      if (existing === undefined) return undefined;
      return (session) => {
        if (answered(session, 'exists')) this.answers.exists(session, span, existing.has(session.tkn));
      };
    });
    return true;
  }

  #askForOne(): boolean {
    const [first] = this.#info;
    if (first === undefined) return false;
    this.#info.delete(first);
    this.#send(this.port.send('SH_INFO', { tkn: first.tkn }), [first], ({ body }, span) => {
      const report = body.st === Status.Ok ? reportOf(body) : undefined;
      if (report === undefined && body.st !== Status.SessionNotExist) return undefined;
      return (session) => {
        if (!answered(session, 'info')) return;
        if (report === undefined) this.answers.exists(session, span, false);
        else this.answers.informed(session, span, report);
      };
    });
    return true;
  }

  /** `understand` makes of a reply what to do with each session; nothing where it can't be understood. */
  #send(
    reply$: Observable<Reply>,
    sessions: readonly Session[],
    understand: (reply: Reply, span: Interval) => ((session: Session) => void) | undefined,
  ): void {
    this.#underWay.add(sessions);
    const requests = this.#requests;
    const request = new Subscription();
    requests.add(request);
    let takeIn: ((session: Session) => void) | undefined;
    const settled = () => {
      requests.remove(request);
      this.#takeIn(sessions, requests, takeIn ?? ((session) => this.#unanswered(session)));
    };
    request.add(
      reply$.subscribe({
        next: (reply) => {
          takeIn = understand(reply, spanOf(reply));
        },
        error: settled,
        complete: settled,
      }),
    );
  }

  /** In slices: an answer about many sessions has many events. They count as under way for as long as that takes. */
  #takeIn(sessions: readonly Session[], requests: Subscription, takeIn: (session: Session) => void): void {
    let index = 0;
    this.agenda.work(() => {
      if (requests.closed) return false;
      const session = sessions[index++];
      if (session !== undefined) {
        takeIn(session);
        return true;
      }
      this.#underWay.delete(sessions);
      if (this.#exists.size + this.#info.size > 0) this.#flushSoon();
      return false;
    });
  }

  #unanswered(session: Session): void {
    if (session.asked === 'nothing') return;
    session.asked = 'nothing';
    this.answers.unanswered(session);
  }
}

/** Takes note of an answer; whether anybody still waits for it. */
function answered(session: Askable, what: 'exists' | 'info'): boolean {
  if (session.asked !== what) return false;
  session.asked = 'nothing';
  return true;
}

const digits = (tkn: bigint) => tkn.toString().length;

function tokensIn(value: JsonValue | undefined): Set<bigint> | undefined {
  if (!Array.isArray(value)) return undefined;
  const tokens = new Set<bigint>();
  for (const item of value) {
    if (typeof item === 'bigint') tokens.add(item);
    else if (typeof item === 'number' && Number.isSafeInteger(item)) tokens.add(BigInt(item));
    else return undefined;
  }
  return tokens;
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNumeric = (value: JsonValue | undefined): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';

/** What a reply to `SH_INFO` tells; undefined where it is none. */
export function reportOf({ keyCnt, expires, expiry }: JsonObject): SessionReport | undefined {
  if (!isNumeric(keyCnt)) return undefined;
  const keyCount = Number(keyCnt);
  if (expires === false) {
    const settings = { duration: 0, deleteSession: false, extendOnSetAdd: false, extendOnGet: false };
    return { keyCount, remaining: 0, settings };
  }
  if (!isObject(expiry) || !isNumeric(expiry.duration) || !isNumeric(expiry.remaining)) return undefined;
  return {
    keyCount,
    remaining: Number(expiry.remaining),
    settings: {
      duration: Number(expiry.duration) * 1000,
      deleteSession: expiry.deleteSession === true,
      extendOnSetAdd: expiry.extendOnSetAdd === true,
      extendOnGet: expiry.extendOnGet === true,
    },
  };
}
