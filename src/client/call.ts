import { Observable, type Subscriber, type TeardownLogic } from 'rxjs';
import { type NdbError, type Outcome, PayloadTooLargeError, ProtocolError, ValueError } from '../errors.js';
import { type AnyRow, type CommandRow, UnexpectedReply } from '../protocol/command-row.js';
import { type Parameter, token } from '../protocol/parameters.js';
import { exceeds, utf8Length } from '../protocol/utf8.js';
import { firstComplaint } from '../protocol/validation.js';
import { type CommandObserver, type SettledCommand, vital } from '../session/port.js';
import type { OutgoingRequest, Receiver, Reply, Transport } from '../transport/transport.js';
import { type CallOptions, checkCallOptions, type Settings } from './options.js';
import { type Part, sendParts } from './parts.js';
import { refusal } from './refusal.js';
import { cut } from './split.js';

/** What a call needs of the client. */
export interface CallContext {
  readonly transport: Transport;
  readonly settings: Settings;
  /** Hears how commands end: what the streams of sessions live on. */
  readonly observer: CommandObserver;
}

/**
 * A command, called: a cold Observable that checks its arguments and sends once for each subscription, and emits one
 * result or one error. One Observable and one object a call, and texts put together by hand: a pipe of operators here was
 * measured to cost as much as everything else that the client does.
 */
export function call(context: CallContext, method: string, row: AnyRow, args: readonly unknown[]): Observable<unknown> {
  return new Observable((subscriber) => start(context, method, row, args, subscriber));
}

/** A command of whose result something else is made, with the reply's own times and the argument. */
export function callFor<Result, Made>(
  context: CallContext,
  method: string,
  row: CommandRow<boolean, readonly [unknown?], Result>,
  args: readonly unknown[],
  make: (result: Result, reply: Reply, argument: unknown) => Made,
): Observable<Made> {
  const finish = (reply: Reply, argument: unknown) => make(row.read(reply.body, argument), reply, argument);
  return new Observable((subscriber: Subscriber<Made>) => start(context, method, row, args, subscriber, finish));
}

/** Makes what a call emits of its reply, which is one of success. Default: what its row makes of it. */
type Finish = (reply: Reply, argument: unknown) => unknown;

function start(
  context: CallContext,
  method: string,
  row: AnyRow,
  args: readonly unknown[],
  subscriber: Subscriber<unknown>,
  finish?: Finish,
): TeardownLogic {
  try {
    let index = 0;
    let text = `{"${row.command}":{`;
    let tkn: unknown;
    if (row.bound) {
      tkn = checked(token, args[index++], method);
      text += token.write(tkn as bigint); // checked just now
    }
    const { parameter } = row;
    let argument: unknown;
    let before = text;
    if (parameter !== undefined) {
      argument = checked(parameter, args[index++], method);
      if (parameter.copy !== undefined) argument = parameter.copy(argument);
      if (row.bound) before += ',';
      text = before + parameter.write(argument);
    }
    text += '}}';
    // The table's types know that the last argument of a method is this; `checkCallOptions` makes sure.
    const options = args[index] as CallOptions | undefined;
    if (options !== undefined) checkCallOptions(options, method);
    const timeout = options?.timeout ?? context.settings.timeout;
    const repeatable = isRepeatable(row, options?.retry ?? context.settings.retry);
    const { command } = row;
    const limit = context.transport.maxPayload;
    if (!exceeds(text, limit)) {
      const outgoing = {
        command,
        text,
        timeout,
        repeatable,
        vital: options !== undefined && vital in options,
      };
      return new Call(subscriber, context, row, tkn, argument, finish).send(outgoing);
    }
    const parts = partsOf(row, before, text, argument, limit);
    const send = (part: Part, within: number, continues: boolean, receiver: Subscriber<unknown>) => {
      const outgoing = { command, text: part.text, timeout: within, repeatable, continues };
      return new Call(receiver, context, row, tkn, part.argument).send(outgoing);
    };
    return sendParts(send, row, parts, timeout, context.settings.clock).subscribe(subscriber);
  } catch (error) {
    subscriber.error(named(error, method));
    return undefined;
  }
}

function checked<Args extends readonly [unknown?]>(
  parameter: Parameter<Args>,
  value: unknown,
  method: string,
): Args[0] {
  if (parameter.accepts?.(value) === true) return value;
  const result = parameter.schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = firstComplaint(result.error.issues);
  const name = path.join('.') || parameter.name;
  throw new ValueError(`${method}: ${name} ${message}. Nothing was sent.`, name);
}

/** What `writeJson` says of a value, with the command that it was meant for. */
function named(error: unknown, method: string): unknown {
  if (!(error instanceof ValueError) || error.message.startsWith(`${method}: `)) return error;
  return new ValueError(`${method}: ${error.message}`, error.parameter, { cause: error.cause ?? error });
}

function isRepeatable({ retry }: AnyRow, wanted: Settings['retry']): boolean {
  return wanted === 'reads' && retry === 'read';
}

/** The requests into which one is cut that is too long; all of them fit, or none is sent. */
function partsOf(row: AnyRow, before: string, text: string, argument: unknown, limit: number): readonly Part[] {
  const pieces = row.parameter?.pieces;
  if (row.join === undefined || pieces === undefined) {
    throw new PayloadTooLargeError(row.command, utf8Length(text), limit);
  }
  const [open, close] = pieces.brackets;
  const whole = cut(
    { before: `${before}"${pieces.member}":${open}`, pieces: pieces.write(argument), after: `${close}}}` },
    limit,
  );
  if (!whole.fits) throw new PayloadTooLargeError(row.command, whole.bytes, limit);
  return whole.requests.map(({ text: part, from, to }) => ({ text: part, argument: pieces.part(argument, from, to) }));
}

/** The result in a reply. */
function read(row: AnyRow, reply: Reply, argument: unknown, finish?: Finish): unknown {
  const { body } = reply;
  const status = body.st;
  if (typeof status !== 'number') throw new ProtocolError(`A reply to ${row.command} has no status.`, row.command);
  if (status !== row.success) throw refusal(row.command, status, body);
  try {
    return finish === undefined ? row.read(body, argument) : finish(reply, argument);
  } catch (cause) {
    if (!(cause instanceof UnexpectedReply)) throw cause;
    throw new ProtocolError(
      `The reply to ${row.command} is not what NemesisDB answers: ${cause.message}.`,
      row.command,
      { cause },
    );
  }
}

/** One request that is under way, and who waits for it. */
class Call implements Receiver, SettledCommand {
  #cancel: (() => Outcome) | undefined;
  #settled = false;
  #outcome: Outcome = 'not-sent';

  constructor(
    private readonly subscriber: Subscriber<unknown>,
    private readonly context: CallContext,
    readonly row: AnyRow,
    private readonly token: unknown,
    readonly argument: unknown,
    private readonly finish?: Finish,
  ) {}

  get tkn(): bigint | undefined {
    return this.token === undefined ? undefined : BigInt(this.token as bigint | string); // checked before it was sent
  }

  /** What became of it, once it has ended or was given up. */
  get outcome(): Outcome {
    return this.#outcome;
  }

  /** Sends it; the result is the undo of it. */
  send(outgoing: OutgoingRequest): this {
    this.#cancel = this.context.transport.send(outgoing, this);
    return this;
  }

  replied(reply: Reply): void {
    this.#settled = true;
    this.#outcome = 'executed';
    const { observer } = this.context;
    try {
      // First, so that a session has moved its deadline by the time that the program hears of the reply.
      if (observer.listening) observer.replied(this, reply);
    } finally {
      // Whatever goes wrong with sessions, the caller has its reply.
      this.#tell(reply);
    }
  }

  #tell(reply: Reply): void {
    let result: unknown;
    try {
      result = read(this.row, reply, this.argument, this.finish);
    } catch (error) {
      this.subscriber.error(error);
      return;
    }
    this.subscriber.next(result);
    this.subscriber.complete();
  }

  failed(error: NdbError): void {
    this.#settled = true;
    this.#outcome = error.outcome;
    try {
      if (this.#outcome !== 'not-sent') this.#lost();
    } finally {
      this.subscriber.error(error);
    }
  }

  unsubscribe(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#outcome = this.#cancel?.() ?? 'not-sent';
    if (this.#outcome !== 'not-sent') this.#lost();
  }

  /** Told whether anybody listens or not: it may matter to a session of which this client has no handle yet. */
  #lost(): void {
    this.context.observer.lost(this);
  }
}
