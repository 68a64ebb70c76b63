import { distinctUntilChanged, map, tap } from 'rxjs';
import type { Question, Questioner, SessionPort } from '../session/port.js';
import type { ConnectionState } from '../transport/connection/connection-state.js';
import type { ClientTransport, Receiver, Reply } from '../transport/transport.js';
import type { Settings } from './options.js';

/** What following sessions needs of a client, over its transport. */
export function sessionPort(transport: ClientTransport, settings: Settings): SessionPort {
  // While it is unknown, a server can load datasets, and so bring sessions back.
  let persistEnabled = true;
  const questions = { underWay: 0 };
  return {
    ask(question, questioner) {
      const { command } = question;
      const inquiry = new Inquiry(questioner, questions);
      // It extends nothing, and may be asked again. 64 at most are under way, so they need not wait for room in the queue.
      const request = { command, text: textOf(question), timeout: settings.timeout, repeatable: true, vital: true };
      const cancel = transport.send(request, inquiry);
      return () => {
        cancel();
        inquiry.end();
      };
    },
    get isBusy() {
      return transport.awaited > questions.underWay;
    },
    get maxPayload() {
      return transport.maxPayload;
    },
    connection$: transport.connection$.pipe(
      // Noted as it passes: it is asked for with everything that is learned of a session, and to look each time was measured
      // to be a third of all that following many of them allocates.
      tap((connection) => {
        if (connection.state === 'open') persistEnabled = connection.server.persistEnabled;
      }),
      map(reachability),
      distinctUntilChanged(),
    ),
    get persistEnabled() {
      return persistEnabled;
    },
    clock: settings.clock,
    random: settings.random,
  };
}

/** A question that is under way. */
class Inquiry implements Receiver {
  #isUnderWay = true;

  constructor(
    private readonly questioner: Questioner,
    private readonly all: { underWay: number },
  ) {
    all.underWay += 1;
  }

  replied(reply: Reply): void {
    this.end();
    this.questioner.replied(reply);
  }

  failed(): void {
    this.end();
    this.questioner.failed();
  }

  end(): void {
    if (!this.#isUnderWay) return;
    this.#isUnderWay = false;
    this.all.underWay -= 1;
  }
}

/** Tokens are integers of 64 bits: as decimals, they are what JSON has for them. */
function textOf(question: Question): string {
  switch (question.command) {
    case 'SH_INFO':
      return `{"SH_INFO":{"tkn":${question.tkn}}}`;
    case 'SH_EXISTS':
      return `{"SH_EXISTS":{"tkns":[${question.tkns.join(',')}]}}`;
  }
}

function reachability({ state }: ConnectionState): 'open' | 'lost' | 'closed' {
  switch (state) {
    case 'open':
    case 'closing': // what is in flight is still answered
      return 'open';
    case 'idle':
    case 'connecting':
    case 'waiting':
      return 'lost';
    case 'closed':
      return 'closed';
  }
}
