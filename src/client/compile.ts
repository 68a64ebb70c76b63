import { NdbError, PayloadTooLargeError, ValueError } from '../errors.js';
import type { AnyRow } from '../protocol/command-row.js';
import { type TokenInput, token } from '../protocol/parameters.js';
import { exceeds, utf8Length } from '../protocol/utf8.js';
import { demand } from '../protocol/validation.js';
import { vital } from '../session/port.js';
import { type CallOptions, checkCallOptions, type Settings } from './options.js';
import { type Part, writeItems } from './split.js';

/** A command that is checked and written as JSON. */
export interface CompiledCommand {
  readonly row: AnyRow;
  /** The session's token, if the command is bound to one. */
  readonly token: TokenInput | undefined;
  /** The command's own argument. It does not change any more if the caller's does. */
  readonly argument: unknown;
  /** The request, or several if one is longer than the server accepts. */
  readonly requests: string | readonly Part[];
  /** Milliseconds from subscription to reply. */
  readonly timeout: number;
  /** Whether it may be sent again if its reply is lost. */
  readonly repeatable: boolean;
  /** Whether a session's life depends on it. */
  readonly vital: boolean;
}

/**
 * Checks the arguments of a method and writes its request. Nothing but the arguments is read. Throws a `ValueError` or a
 * `PayloadTooLargeError`.
 *
 * @param args As the method takes them: the token if the command is bound to one, its argument if it has one, options.
 * @param maxPayload The longest request that the server accepts, in bytes.
 */
export function compile(
  method: string,
  row: AnyRow,
  args: readonly unknown[],
  defaults: Pick<Settings, 'timeout' | 'retry'>,
  maxPayload: number,
): CompiledCommand {
  const { command, bound, parameter } = row;
  let place = 0;
  let name = token.name;
  try {
    let head = `{"${command}":{`;
    let tkn: TokenInput | undefined;
    if (bound) {
      tkn = args[place++] as TokenInput; // checked in the next line
      demand(token.check, tkn, method, name);
      head += token.write(tkn);
    }
    let argument: unknown;
    let requests: string | readonly Part[] = `${head}}}`;
    if (parameter !== undefined) {
      name = parameter.name;
      const given = args[place++];
      demand(parameter.check, given, method, name);
      argument = parameter.keep === undefined ? given : parameter.keep(given);
      if (bound) head += ',';
      requests =
        'items' in parameter
          ? writeItems(row, head, parameter, given, argument, maxPayload)
          : `${head}${parameter.write(given)}}}`;
    }
    if (typeof requests === 'string' && exceeds(requests, maxPayload)) {
      throw new PayloadTooLargeError(command, utf8Length(requests), maxPayload);
    }
    name = 'options';
    const options = args[place] as CallOptions | undefined; // checked in the next line
    if (options !== undefined) checkCallOptions(options, method);
    const retry = options?.retry ?? defaults.retry;
    return {
      row,
      token: tkn,
      argument,
      requests,
      timeout: options?.timeout ?? defaults.timeout,
      repeatable: retry === 'reads' && row.retry === 'read',
      vital: options !== undefined && vital in options,
    };
  } catch (error) {
    throw aboutMethod(error, method, name);
  }
}

/** Names the method in an error of `writeJson`, and wraps what a getter or a Proxy threw when it was read. */
function aboutMethod(error: unknown, method: string, name: string): unknown {
  if (!(error instanceof NdbError)) {
    const message = `${method}: ${name} threw an error when it was read; see \`cause\`. Nothing was sent.`;
    return new ValueError(message, name, { cause: error });
  }
  if (!(error instanceof ValueError) || error.message.startsWith(`${method}: `)) return error;
  return new ValueError(`${method}: ${error.message}`, error.parameter, { cause: error.cause });
}
