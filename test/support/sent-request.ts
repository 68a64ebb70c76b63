import type { NdbError, Outcome } from '../../src/errors.js';
import type { OutgoingRequest, Receiver, Reply, Transport } from '../../src/transport/transport.js';

/** A request that a test sent, and everything that it was told of it. */
export class SentRequest implements Receiver {
  readonly replies: Reply[] = [];
  readonly errors: (NdbError & { readonly outcome?: Outcome })[] = [];
  /** Undoes the request, and says what became of it. */
  cancel: () => Outcome = () => 'not-sent';

  /** What a test does on hearing: code of a user, which may do anything. */
  constructor(private readonly heard: (request: SentRequest) => void = () => {}) {}

  replied(reply: Reply): void {
    this.replies.push(reply);
    this.heard(this);
  }

  failed(error: NdbError): void {
    this.errors.push(error);
    this.heard(this);
  }

  get settlements(): number {
    return this.replies.length + this.errors.length;
  }

  /** The error's code and outcome, `answered`, or `waiting`. */
  get result(): string {
    const [error] = this.errors;
    if (error !== undefined) return error.outcome === undefined ? error.code : `${error.code} ${error.outcome}`;
    return this.replies.length > 0 ? 'answered' : 'waiting';
  }
}

const read: OutgoingRequest = { command: 'KV_GET', text: '{"KV_GET":{"keys":["a"]}}', timeout: 1000, repeatable: true };

/** Sends a read, or whatever is given instead. */
export function send(
  transport: Transport,
  given: Partial<OutgoingRequest> = {},
  heard?: (request: SentRequest) => void,
): SentRequest {
  const command = given.command ?? read.command;
  const request = new SentRequest(heard);
  request.cancel = transport.send({ ...read, text: `{"${command}":{"keys":["a"]}}`, ...given }, request);
  return request;
}

/** A write, which must not be sent twice. */
export const write = { command: 'KV_SET', repeatable: false } as const;
