/** How much is told: each level includes those before it. */
export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const;

/** One of the levels of `consoleLog`. */
export type LogLevel = (typeof logLevels)[number];

/** Where the server tells what happens. Messages never hold keys, values or tokens. */
export interface Log {
  /** Something failed that should not. */
  error(message: string, cause?: unknown): void;
  /** A client or a dataset was refused or dropped. */
  warn(message: string, cause?: unknown): void;
  /** What the server did of note. */
  info(message: string): void;
  /** What only a search for a fault needs. */
  debug(message: string): void;
}

function reasons(cause: unknown): string {
  const texts: string[] = [];
  for (let reason = cause; reason instanceof Error; reason = reason.cause) texts.push(reason.message);
  return texts.length === 0 ? '' : ` (${texts.join(': ')})`;
}

/** Writes a line per message to standard error. */
export function consoleLog(level: LogLevel, write: (line: string) => void = (line) => process.stderr.write(line)): Log {
  const threshold = logLevels.indexOf(level);
  const at = (messageLevel: LogLevel) => (message: string, cause?: unknown) => {
    if (logLevels.indexOf(messageLevel) > threshold) return;
    write(`${new Date().toISOString()} ${messageLevel} ${message}${reasons(cause)}\n`);
  };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}
