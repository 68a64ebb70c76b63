import { platform } from '#platform';
import { ClientCore } from './client/client.js';
import type { NdbClientOptions } from './client/options.js';
import { createTransport } from './transport/transport.js';

/**
 * A client for one NemesisDB. Its commands are cold Observables over one WebSocket, which reconnects by itself. In Node the
 * socket comes from `ws`; in a browser it is the platform's own.
 *
 * @example
 * const client = new NdbClient();
 * await firstValueFrom(client.open('ws://127.0.0.1:1987/'));
 * client.sh_create_session({ durationSeconds: 60, extendOnGet: true })
 *   .pipe(switchMap((session) => session.set({ cart: ['apple'] }).pipe(map(() => session))))
 *   .subscribe((session) => session.expired$.subscribe(() => console.log('abandoned')));
 */
export class NdbClient extends ClientCore {
  /** Throws a `ValueError` that names the option if one is invalid. Nothing else in this class throws. */
  constructor(options?: NdbClientOptions) {
    super((settings) => createTransport(platform, settings), options);
  }
}

/** The name that NemesisDB's documentation gives the client in its examples about sessions. */
export const SessionClient = NdbClient;
export type SessionClient = NdbClient;

export type { Aliases, CommandMethods } from './client/methods.js';
export type { AttachOptions, CallOptions, NdbClientOptions, Retry } from './client/options.js';
export type { Clock } from './clock.js';
export { schedulerClock, systemClock } from './clock.js';
export {
  ClosedError,
  ConnectionError,
  NdbError,
  type Outcome,
  type Parts,
  PayloadTooLargeError,
  ProtocolError,
  QueueFullError,
  ReplyLostError,
  ResponseError,
  SchemaError,
  TimeoutError,
  ValueError,
} from './errors.js';
export type { JsonInput, JsonObject, JsonValue } from './protocol/json.js';
export type {
  ArrayAppendInput,
  DatasetInput,
  FindQuery,
  NewSession,
  SessionsToSave,
  UpdateInput,
} from './protocol/parameter-objects.js';
export { type GetQuery, type KeyList, type KeysInput, parseToken, type TokenInput } from './protocol/parameters.js';
export type { SessionExpiry, SessionInfo } from './protocol/replies.js';
export type {
  KeySchemas,
  SchemaInput,
  SchemaOutput,
  SessionInput,
  SessionOutput,
  SessionSchema,
  StandardSchema,
} from './protocol/schema.js';
export { Status, type StatusName } from './protocol/status.js';
export type {
  Certainty,
  EndedBy,
  EndedEvent,
  EventBase,
  ExpiredEvent,
  ExpiringEvent,
  ExtendedEvent,
  LapsedEvent,
  OpenedEvent,
  OverdueEvent,
  OverEvent,
  ResetCandidate,
  ResetEvent,
  ResumedEvent,
  SessionEvent,
  SessionSettings,
  SessionState,
  SuspendedEvent,
  SuspensionReason,
} from './session/events.js';
export type { Interval } from './session/lease/interval.js';
export type { Session, SessionKeys } from './session/session.js';
export type { Touch } from './session/streams/keep-alive.js';
export type { Activity } from './transport/activity.js';
export type { ConnectionFailure, ConnectionState, ServerInfo } from './transport/connection/connection-state.js';
export type {
  ConnectHeaders,
  ConnectTls,
  HeartbeatOptions,
  ReconnectOptions,
  ValueOrFunction,
} from './transport/transport.js';
