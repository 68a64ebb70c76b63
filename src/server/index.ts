export type { JsonText } from './json/value-text.js';
export { consoleLog, type Log, type LogLevel } from './log.js';
export type { NdbServerOptions } from './options.js';
export { NdbServer } from './server.js';
export { MemoryStore } from './store/memory/memory-store.js';
export type { Entry, Expiry, Later, Place, SavedSession, SessionInfo, Store, Written } from './store/store.js';
export type { SessionToken } from './store/tokens.js';
