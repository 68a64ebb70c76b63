import { BehaviorSubject, NEVER, type Observable, of, Subject } from 'rxjs';
import type { NdbError, Outcome } from '../../../src/errors.js';
import { type JsonObject, parseJson } from '../../../src/protocol/json.js';
import type { Activity } from '../../../src/transport/activity.js';
import type { ConnectionState, ServerInfo } from '../../../src/transport/connection/connection-state.js';
import type { ClientTransport, OutgoingRequest, Receiver, Reply } from '../../../src/transport/transport.js';

/** What a fake server does with a request: its reply's body, an error, or nothing (no answer ever). */
export type Answer = (
  command: string,
  body: JsonObject,
  outgoing: OutgoingRequest,
) => JsonObject | NdbError | undefined;

/** A transport without a wire: it answers at once, out of a function, and notes what was sent. */
export class FakeTransport implements ClientTransport {
  readonly sent: (OutgoingRequest & { readonly receiver: Receiver })[] = [];
  cancelled = 0;
  maxPayload = 1024;
  readonly connection$ = new BehaviorSubject<ConnectionState>({ state: 'idle' });
  readonly activity$ = new Subject<Activity>();
  readonly events$ = new Subject<JsonObject>();
  readonly visibility$ = NEVER;

  constructor(
    public answer: Answer = () => ({ st: 1 }),
    private readonly cancelOutcome: Outcome = 'not-sent',
  ) {}

  send(outgoing: OutgoingRequest, receiver: Receiver): () => Outcome {
    this.sent.push({ ...outgoing, receiver });
    const request = parseJson(outgoing.text) as JsonObject; // every request is an object of one member
    const answer = this.answer(outgoing.command, request[outgoing.command] as JsonObject, outgoing);
    if (answer instanceof Error) receiver.failed(answer);
    else if (answer !== undefined) receiver.replied({ body: answer, writtenAt: 0, answeredAt: 1 });
    return () => {
      this.cancelled += 1;
      return this.cancelOutcome;
    };
  }

  open(): Observable<ServerInfo> {
    return NEVER;
  }

  close(): Observable<void> {
    return of(undefined);
  }

  multiplex(): Observable<Reply> {
    return NEVER;
  }

  checkConnection(): void {}
}
