import { Subject } from 'rxjs';
import type { Activity, ActivityLog } from './activity.js';
import { Connection } from './connection/connection.js';
import { Requests } from './requests/requests.js';
import type { Platform } from './socket/platform.js';
import type { ClientTransport, Receiver, TransportOptions } from './transport.js';

/** Assembles the transport of one client: requests, and the connection they flow over. */
export function createTransport(platform: Platform, options: TransportOptions): ClientTransport {
  const activity$ = new Subject<Activity>();
  const { diagnostics } = platform;
  const log: ActivityLog = {
    get listening() {
      return activity$.observed || diagnostics?.hasSubscribers === true;
    },
    note(activity) {
      activity$.next(activity);
      if (diagnostics?.hasSubscribers === true) diagnostics.publish(activity);
    },
  };
  const requests = new Requests(options, log, () => connection.drained());
  const connection = new Connection(
    platform,
    options,
    requests,
    (timeout) => requests.send(sign(timeout), nobody),
    log,
  );
  connection.state$.subscribe({ complete: () => activity$.complete() });
  return {
    open: (url) => connection.open(url),
    close: () => connection.close(),
    connection$: connection.state$,
    activity$: activity$.asObservable(),
    send: (outgoing, receiver) => requests.send(outgoing, receiver),
    get maxPayload() {
      return requests.maxPayload;
    },
    get awaited() {
      return requests.awaited;
    },
  };
}

/** The sign of life that is asked for where the platform can't ping. */
const sign = (timeout: number) => ({ command: 'SV_INFO', text: '{"SV_INFO":{}}', timeout, repeatable: false });

const nobody: Receiver = { replied() {}, failed() {} };
