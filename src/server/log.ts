import type { Clock } from '../clock.js';

/** How much is logged: each level includes those before it. */
export const logLevels = ['silent', 'error', 'warn', 'info'] as const;

/** One of the levels of `consoleLog`. */
export type LogLevel = (typeof logLevels)[number];

/** Where the server reports what happens. Messages never hold keys, values or tokens. */
export interface Log {
  /** Something failed that should not. */
  error(message: string, cause?: unknown): void;
  /** A client or a dataset was refused or dropped. */
  warn(message: string, cause?: unknown): void;
  /** The server did something of note. */
  info(message: string): void;
}

function reasonsOf(cause: unknown): string {
  const reasons: string[] = [];
  for (let reason = cause; reason instanceof Error; reason = reason.cause) reasons.push(reason.message);
  return reasons.length === 0 ? '' : ` (${reasons.join(': ')})`;
}

/** Writes a line per message to standard error. */
export function consoleLog(level: LogLevel, write: (line: string) => void = (line) => process.stderr.write(line)): Log {
  const threshold = logLevels.indexOf(level);
  const at = (messageLevel: LogLevel) => (message: string, cause?: unknown) => {
    if (logLevels.indexOf(messageLevel) > threshold) return;
    write(`${new Date().toISOString()} ${messageLevel} ${message}${reasonsOf(cause)}\n`);
  };
  return { error: at('error'), warn: at('warn'), info: at('info') };
}

/** Writes an object in JSON per message, with `time`, `level`, `message` and perhaps `cause`, to standard error. */
export function jsonLog(level: LogLevel, write: (line: string) => void = (line) => process.stderr.write(line)): Log {
  const threshold = logLevels.indexOf(level);
  const at = (messageLevel: LogLevel) => (message: string, cause?: unknown) => {
    if (logLevels.indexOf(messageLevel) > threshold) return;
    const reasons = reasonsOf(cause).slice(2, -1);
    const line = {
      time: new Date().toISOString(),
      level: messageLevel,
      message,
      ...(reasons !== '' && { cause: reasons }),
    };
    write(`${JSON.stringify(line)}\n`);
  };
  return { error: at('error'), warn: at('warn'), info: at('info') };
}

/** How long after a message no other of its kind is logged, in milliseconds. */
const quietTime = 10_000;

/** Kinds of messages that are counted apart; beyond these, kinds share one count. */
const maxKinds = 200;

interface Kind {
  loggedAt: number;
  /** How many were left out since. */
  omitted: number;
}

/**
 * Logs at most one warning or error of a kind every ten seconds, and says how many were left out: a client can cause
 * thousands a second, which would fill the disk. What comes before the first colon of a message is its kind.
 */
export function limitedLog(log: Log, clock: Clock): Log {
  const kinds = new Map<string, Kind>();
  const limited = (write: Log['warn']) => (message: string, cause?: unknown) => {
    const [name = ''] = message.split(':', 1);
    const kind = kinds.get(name) ?? kinds.get('');
    const now = clock.now();
    if (kind !== undefined && now - kind.loggedAt < quietTime) {
      kind.omitted++;
      return;
    }
    const omitted = kind?.omitted ?? 0;
    kinds.set(kinds.size < maxKinds ? name : '', { loggedAt: now, omitted: 0 });
    write(omitted === 0 ? message : `${message} ${omitted} more like this were not logged.`, cause);
  };
  return {
    error: limited((message, cause) => log.error(message, cause)),
    warn: limited((message, cause) => log.warn(message, cause)),
    info: (message) => log.info(message),
  };
}
