import type { Observer, Unsubscribable } from 'rxjs';
import { type NdbError, type Outcome, ProtocolError } from '../errors.js';
import { type AnyRow, UnexpectedReply } from '../protocol/command-row.js';
import type { SettledCommand } from '../session/port.js';
import type { Receiver, Reply } from '../transport/transport.js';
import type { CallContext } from './call.js';
import type { CompiledCommand } from './compile.js';
import { refusal } from './refusal.js';

/** Makes what a call emits of a reply of success. Default: the row's own result. */
export type Finish = (reply: Reply, argument: unknown) => unknown;

/** One request under way, and the observer that waits for it. Unsubscribing gives it up. */
export class PendingCall implements Receiver, SettledCommand, Unsubscribable {
  #cancel: (() => Outcome) | undefined;
  #settled = false;
  #outcome: Outcome = 'not-sent';

  constructor(
    private readonly context: CallContext,
    private readonly command: CompiledCommand,
    /** The argument as far as this request carries it. */
    readonly argument: unknown,
    private readonly receiver: Observer<unknown>,
    private readonly finish?: Finish,
  ) {}

  get row(): AnyRow {
    return this.command.row;
  }

  get tkn(): bigint | undefined {
    const { token } = this.command;
    return token === undefined ? undefined : BigInt(token);
  }

  /** What became of the request, once it has settled or was given up. */
  get outcome(): Outcome {
    return this.#outcome;
  }

  /** @param continues Whether another request of the same command was accepted before it. */
  send(text: string, timeout: number, continues = false): this {
    const { row, repeatable, vital } = this.command;
    const outgoing = { command: row.command, text, timeout, repeatable, vital, continues };
    this.#cancel = this.context.transport.send(outgoing, this);
    return this;
  }

  replied(reply: Reply): void {
    this.#settled = true;
    this.#outcome = 'executed';
    const { observer } = this.context;
    try {
      // Sessions first: their deadlines have moved by the time that the program gets the reply.
      observer.replied(this, reply);
    } finally {
      // The caller gets the reply whatever goes wrong with sessions.
      this.#deliver(reply);
    }
  }

  #deliver(reply: Reply): void {
    let result: unknown;
    try {
      result = readReply(this.row, reply, this.argument, this.finish);
    } catch (error) {
      this.receiver.error(error);
      return;
    }
    this.receiver.next(result);
    this.receiver.complete();
  }

  failed(error: NdbError): void {
    this.#settled = true;
    this.#outcome = error.outcome;
    try {
      if (this.#outcome !== 'not-sent') this.context.observer.lost(this);
    } finally {
      this.receiver.error(error);
    }
  }

  unsubscribe(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#outcome = this.#cancel?.() ?? 'not-sent';
    if (this.#outcome !== 'not-sent') this.context.observer.lost(this);
  }
}

/** The result in a reply. Throws a `ResponseError`, `ProtocolError` or `SchemaError`. */
function readReply(row: AnyRow, reply: Reply, argument: unknown, finish?: Finish): unknown {
  const { command, success } = row;
  const { st } = reply.body;
  if (typeof st !== 'number') throw new ProtocolError(`The reply to ${command} has no status.`, command);
  if (st !== success) throw refusal(command, st, reply.body);
  try {
    return finish === undefined ? row.read(reply.body, argument) : finish(reply, argument);
  } catch (cause) {
    if (!(cause instanceof UnexpectedReply)) throw cause;
    throw new ProtocolError(`The reply to ${command} is not one of a NemesisDB: ${cause.message}.`, command, { cause });
  }
}
