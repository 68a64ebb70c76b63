export { consoleLog, type Log, type LogLevel } from './log.js';
export { MemoryStore } from './memory-store.js';
export type { NdbServerOptions } from './options.js';
export { NdbServer } from './server.js';
export type { Entry, Expiry, Later, Place, SavedSession, SessionInfo, Store, Written } from './store.js';
export type { SessionToken } from './tokens.js';
export type { JsonText } from './value-text.js';
