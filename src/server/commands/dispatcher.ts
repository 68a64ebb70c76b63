import { Status } from '../../protocol/status.js';
import { error, ok, type Reply, refusal, reply } from '../json/replies.js';
import type { Log } from '../log.js';
import { andThen, type Later } from '../store/later.js';
import { StoreUnavailable } from '../store/store.js';
import type { Caller, Command, Context } from './context.js';
import { datasetCommands } from './datasets.js';

import { keyCommandsByName } from './keys.js';
import { type NoRequest, type Request, readRequest } from './request.js';
import { lineOf, type Scope, scopeOf } from './scope.js';
import { sessionCommands } from './sessions.js';
import { pathCommands } from './update.js';
import { watchCommands } from './watch.js';

/** The version of NemesisDB whose behaviour this is. */
const serverVersion = '0.7.2';

const commands: ReadonlyMap<string, Command> = new Map([
  ...keyCommandsByName,
  ...sessionCommands,
  ...pathCommands,
  ...datasetCommands,
  ...watchCommands,
]);

const unavailable = 'The store is unavailable; the command may or may not have been executed';

function refuse(request: NoRequest): string {
  if (request.refusal === 'json') return error(Status.JsonInvalid);
  return request.command === undefined ? error(Status.CommandSyntax) : refusal(request.command, Status.CommandSyntax);
}

/** A request that was read and not yet executed. */
export interface Execution {
  readonly scope: Scope;
  /** Replies of one line keep the order of their requests; `undefined`: this one need not. */
  readonly line: string | undefined;
  /** Executes it. Gives the reply, at once if the store answers at once; never throws or rejects. */
  run(caller: Caller): Later<Reply>;
}

/** Nothing can be pushed to it. */
const nobody: Caller = { id: '', watches: undefined };

/** A reply that repeats the id of its request. */
function withId(reply: Reply, id: string): Reply {
  const insert = (text: string) => `${text.slice(0, -1)},"id":"${id}"}`;
  if (typeof reply === 'string') return insert(reply);
  if ('text' in reply) return { ...reply, text: insert(reply.text) };
  const { pieces } = reply;
  return { pieces: [...pieces.slice(0, -1), ...pieces.slice(-1).map((last) => Buffer.from(insert(String(last))))] };
}

/** Answers requests: one reply for each, whatever it is. */
export class Dispatcher {
  readonly #context: Context;
  readonly #log: Log;
  /** How often each command was executed. */
  readonly counts = new Map<string, number>();
  /** The answer to the first unknown name of no known family. NemesisDB gives it to all later ones as well. */
  #stale: string | undefined;

  constructor(context: Context, log: Log) {
    this.#context = context;
    this.#log = log;
  }

  /** Reads a text frame. */
  read(text: string): Execution {
    try {
      const request = readRequest(text);
      const { id } = request;
      const answer = (caller: Caller) => ('refusal' in request ? refuse(request) : this.#execute(request, caller));
      return {
        scope: 'refusal' in request ? 'place' : scopeOf(request),
        line: 'refusal' in request ? 'without id' : lineOf(request),
        run: (caller) => (id === undefined ? answer(caller) : andThen(answer(caller), (reply) => withId(reply, id))),
      };
    } catch (cause) {
      return { scope: 'place', line: 'without id', run: () => this.#failed('', cause) };
    }
  }

  /** The reply to a text frame. */
  answer(text: string): Later<Reply> {
    return this.read(text).run(nobody);
  }

  /** Reads a binary frame: it is refused. */
  readBinary(): Execution {
    return { scope: 'place', line: 'without id', run: () => error(Status.OpCodeInvalid) };
  }

  #execute(request: Request, caller: Caller): Later<Reply> {
    const { command } = request;
    try {
      const execute = commands.get(command);
      if (execute === undefined) return this.#answerUnknown(request);
      this.counts.set(command, (this.counts.get(command) ?? 0) + 1);
      const answer = execute(request, this.#context, caller);
      return answer instanceof Promise ? answer.catch((cause) => this.#failed(command, cause)) : answer;
    } catch (cause) {
      return this.#failed(command, cause);
    }
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

  /** NemesisDB's own reply has only two members: others are for clients that ask for them, or need them. */
  #info(asked: boolean): string {
    const { datasets, info } = this.#context;
    const extra = info(asked);
    return reply(
      'SV_INFO',
      `${extra}"persistEnabled":${datasets !== undefined},"serverVersion":"${serverVersion}",${ok}`,
    );
  }

  #failed(command: string, cause: unknown): string {
    if (cause instanceof StoreUnavailable) {
      this.#log.error('The store is unavailable.', cause);
      return refusal(command, Status.StoreUnavailable, unavailable);
    }
    this.#log.error(`${command === '' ? 'Reading a request' : command} failed.`, cause);
    return command.startsWith('SH_') ? refusal(command, Status.Unknown) : error(Status.Unknown);
  }
}
