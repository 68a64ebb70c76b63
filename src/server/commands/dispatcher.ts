import { Status } from '../../protocol/status.js';
import { error, ok, refusal, reply } from '../json/replies.js';
import { type NoRequest, type Request, readRequest } from '../json/request.js';
import type { Log } from '../log.js';
import type { Later } from '../store/store.js';
import type { Command, Context } from './context.js';
import { datasetCommands } from './datasets.js';

import { keyCommandsByName } from './keys.js';
import { sessionCommands } from './sessions.js';
import { pathCommands } from './update.js';

/** The version of NemesisDB whose behaviour this is. */
const serverVersion = '0.7.2';

const commands: ReadonlyMap<string, Command> = new Map([
  ...keyCommandsByName,
  ...sessionCommands,
  ...pathCommands,
  ...datasetCommands,
]);

function refuse(request: NoRequest): string {
  if (request.refusal === 'json') return error(Status.JsonInvalid);
  return request.command === undefined ? error(Status.CommandSyntax) : refusal(request.command, Status.CommandSyntax);
}

/** Answers requests: one reply for each, whatever it is. */
export class Dispatcher {
  readonly #context: Context;
  readonly #log: Log;
  /** The answer to the first unknown name of no known family, which NemesisDB gives to all later ones as well. */
  #stale: string | undefined;

  constructor(context: Context, log: Log) {
    this.#context = context;
    this.#log = log;
  }

  /** The reply to a text frame, at once where the store answers at once. */
  answer(text: string): Later<string> {
    let command = '';
    try {
      const request = readRequest(text);
      if ('refusal' in request) return refuse(request);
      command = request.command;
      const execute = commands.get(command);
      if (execute === undefined) return this.#answerUnknown(request);
      const answer = execute(request, this.#context);
      return answer instanceof Promise ? answer.catch((cause) => this.#failed(command, cause)) : answer;
    } catch (cause) {
      return this.#failed(command, cause);
    }
  }

  /** The reply to a binary frame. */
  answerBinary(): string {
    return error(Status.OpCodeInvalid);
  }

  #answerUnknown({ command, body }: Request): string {
    const [family, ...rest] = command.split('_', 2);
    if (rest.length === 0) return refusal(command, Status.CommandSyntax);
    if (family === 'KV') return error(Status.CommandNotExist);
    if (family === 'SH') return refusal(command, Status.CommandNotExist);
    if (command === 'SV_INFO') return this.#info(Object.hasOwn(body, 'maxPayload'));
    this.#stale ??= refusal(command, Status.CommandNotExist);
    return this.#stale;
  }

  /** NemesisDB's own reply has no members but these: whatever is beyond them is for clients that ask, or need it. */
  #info(asked: boolean): string {
    const { datasets, info } = this.#context;
    const extra = info(asked);
    return reply(
      'SV_INFO',
      `${extra}"persistEnabled":${datasets !== undefined},"serverVersion":"${serverVersion}",${ok}`,
    );
  }

  #failed(command: string, cause: unknown): string {
    this.#log.error(`${command === '' ? 'Reading a request' : command} failed.`, cause);
    return command.startsWith('SH_') ? refusal(command, Status.Unknown) : error(Status.Unknown);
  }
}
