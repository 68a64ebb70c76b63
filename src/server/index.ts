export type { JsonText } from './json/wire.js';
export { consoleLog, jsonLog, type Log, type LogLevel } from './log.js';
export type { NdbServerOptions, TlsOptions } from './options.js';
export { NdbServer } from './server.js';
export type { Entry, Place } from './store/entry.js';
export type {
  Ended,
  Expired,
  Extended,
  Gap,
  LoggedEvent,
  Membership,
  SessionEvent,
  SessionEvents,
} from './store/events.js';
export type { Expiry } from './store/expiry.js';
export type { Later } from './store/later.js';
export type { EventLogBounds } from './store/memory/event-log.js';
export { MemoryStore, type MemoryStoreOptions } from './store/memory/memory-store.js';
export {
  type Batches,
  type Change,
  type SavedSession,
  type SessionInfo,
  type Store,
  StoreUnavailable,
  type Updated,
  type Written,
} from './store/store.js';
export type { SessionToken } from './store/tokens.js';
