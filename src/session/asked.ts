import { Status } from '../protocol/status.js';
import type { Reply } from '../transport/transport.js';
import type { Interval } from './deadline.js';
import type { Questioner } from './port.js';
import { reportOf, spanOf, tokensIn } from './reports.js';
import type { SessionReport } from './state.js';

/** Who hears what the server says. Each session that was asked about is answered once, unless it is forgotten, or asked about anew. */
export interface Answers<Session> {
  exists(session: Session, span: Interval, exists: boolean): void;
  informed(session: Session, span: Interval, report: SessionReport): void;
  /** No answer that can be understood. */
  unanswered(session: Session): void;
}

/** What is made of a reply. */
type Answer =
  | { readonly says: 'existing'; readonly span: Interval; readonly tokens: ReadonlySet<bigint> }
  | { readonly says: 'report'; readonly span: Interval; readonly report: SessionReport }
  | { readonly says: 'gone'; readonly span: Interval }
  /** None came, or none that can be understood. */
  | { readonly says: 'nothing' };

const nothing: Answer = { says: 'nothing' };

/** What a reply says of many sessions, or of one; `nothing` where it can't be understood. */
function answerIn(reply: Reply, what: 'exists' | 'info'): Answer {
  const { body } = reply;
  const span = spanOf(reply);
  if (what === 'exists') {
    const tokens = body.st === Status.Ok ? tokensIn(body.exist) : undefined;
    return tokens === undefined ? nothing : { says: 'existing', span, tokens };
  }
  if (body.st === Status.SessionNotExist) return { says: 'gone', span };
  const report = body.st === Status.Ok ? reportOf(body) : undefined;
  return report === undefined ? nothing : { says: 'report', span, report };
}

/** A question under way, and then its answer, which waits to be taken in. One object, not a closure for each of its turns. */
export class Asked<Session extends { readonly tkn: bigint }> implements Questioner {
  #answer: Answer = nothing;
  #takenIn = 0;

  constructor(
    readonly what: 'exists' | 'info',
    readonly sessions: readonly Session[],
    private readonly answered: (asked: Asked<Session>) => void,
  ) {}

  /** Gives the question up, once it is sent. */
  giveUp: () => void = () => {};

  replied(reply: Reply): void {
    this.#answer = answerIn(reply, this.what);
    this.answered(this);
  }

  failed(): void {
    this.answered(this);
  }

  /** The next session of which its answer is to be taken in. */
  next(): Session | undefined {
    return this.sessions[this.#takenIn++];
  }

  /** Tells what the answer says of a session. */
  takeIn(session: Session, answers: Answers<Session>): void {
    const answer = this.#answer;
    switch (answer.says) {
      case 'existing':
        answers.exists(session, answer.span, answer.tokens.has(session.tkn));
        break;
      case 'report':
        answers.informed(session, answer.span, answer.report);
        break;
      case 'gone':
        answers.exists(session, answer.span, false);
        break;
      case 'nothing':
        answers.unanswered(session);
        break;
    }
  }
}
