import { Observable, type Observer } from 'rxjs';
import type { AnyRow, CommandRow } from '../protocol/command-row.js';
import type { CommandObserver } from '../session/port.js';
import type { Reply, Transport } from '../transport/transport.js';
import { callSite, located } from './call-site.js';
import { compile } from './compile.js';
import type { Settings } from './options.js';
import { type Finish, PendingCall } from './pending-call.js';
import { sendParts } from './send-parts.js';

/** What a call needs of the client. */
export interface CallContext {
  readonly transport: Transport;
  readonly settings: Settings;
  /** Is notified when commands settle: the streams of sessions rest on it. */
  readonly observer: CommandObserver;
}

/**
 * A command, called: a cold Observable. Each subscription checks the arguments, sends the command once, and gets one
 * result or one error.
 *
 * There is one Observable and one `PendingCall` a request: a pipe of operators was measured to cost as much as everything
 * else that the client does.
 */
export function call(
  context: CallContext,
  method: string,
  row: AnyRow,
  args: readonly unknown[],
  finish?: Finish,
): Observable<unknown> {
  const { settings, transport } = context;
  const site = settings.asyncStackTraces ? callSite(call) : undefined;
  return new Observable((subscriber) => {
    const receiver: Observer<unknown> = site === undefined ? subscriber : located(subscriber, site);
    try {
      const command = compile(method, row, args, settings, transport.maxPayload);
      const { requests, argument, timeout } = command;
      return typeof requests === 'string'
        ? new PendingCall(context, command, argument, receiver, finish).send(requests, timeout)
        : sendParts(context, command, requests).subscribe(receiver);
    } catch (error) {
      return receiver.error(error);
    }
  });
}

/** A call whose result is made of the row's result, the reply and the argument. */
export function callFor<Result, Made>(
  context: CallContext,
  method: string,
  row: CommandRow<boolean, readonly [unknown?], Result>,
  args: readonly unknown[],
  make: (result: Result, reply: Reply, argument: unknown) => Made,
): Observable<Made> {
  const finish: Finish = (reply, argument) => make(row.read(reply.body, argument), reply, argument);
  return call(context, method, row, args, finish) as Observable<Made>; // emits what `finish` returns
}
