import { NdbError, ResponseError, SchemaError, ValueError } from '../errors.js';

/** The status that the process ends with. `--help` lists them too. */
export const exitStatus = {
  success: 0,
  /** The server refused the command, or there is no such key. */
  refused: 1,
  /** An argument or option is wrong; nothing was sent. */
  usage: 2,
  /** There is no server, or it did not answer. */
  unreachable: 3,
  /** Stopped by Ctrl+C, as shells report it. */
  interrupted: 130,
} as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** Ends a command with a message and a status. */
export class CommandFailure extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly status: ExitStatus,
  ) {
    super(message);
  }
}

/** What an error means for the process. An error that is none of ours is a bug, and is thrown. */
export function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (!(error instanceof NdbError)) throw error;
  return new CommandFailure(error.message, error.code, statusOf(error));
}

function statusOf(error: NdbError): ExitStatus {
  if (error instanceof ValueError) return exitStatus.usage;
  if (error instanceof ResponseError || error instanceof SchemaError) return exitStatus.refused;
  return exitStatus.unreachable;
}
