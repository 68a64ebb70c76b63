import type * as z from 'zod/mini';
import type { JsonObject } from './json.js';
import type { Parameter } from './parameters.js';
import { firstComplaint } from './validation.js';

/**
 * Which requests may be sent a second time once their reply is lost.
 *
 * - `read`: it changes nothing (but may extend a session).
 * - `safe`: executed twice, it leaves what executing it once leaves.
 * - `never`: it may do harm twice, or answers differently the second time.
 */
export type RetryClass = 'read' | 'safe' | 'never';

/** The status that says that all went well. Saves and loads have their own. */
export type Success = 1 | 121 | 141;

/**
 * One command: everything that its method, checks, splitting and retries follow from. `Bound`: whether it is bound to a
 * session's token. `Args`: what else it takes. `Result`: what it gives.
 */
export interface CommandRow<Bound extends boolean, Args extends readonly [unknown?], Result> {
  /** NemesisDB's name, such as `SH_SET`. */
  readonly command: string;
  /** Whether its first argument is a session's token. */
  readonly bound: Bound;
  /** Its other argument, where it has one. */
  readonly parameter?: Parameter<Args>;
  /**
   * Whether a reply, of any status, can be one to this request, by what it repeats of it. Absent: it repeats nothing.
   */
  repeats?(body: JsonObject, argument: Args[0], tkn: bigint | undefined): boolean;
  /** Checks a reply of status `success` and makes the result of it. Throws an `UnexpectedReply`, or a `SchemaError`. */
  read(body: JsonObject, argument: Args[0]): Result;
  readonly success: Success;
  readonly retry: RetryClass;
  /**
   * Whether it changes the keys of its session, or, not bound to one, those at the top: then none that changes the same and
   * was written before it is sent again after it.
   */
  readonly changesKeys?: true;
  /** Which flag of the session makes it move the deadline. */
  readonly extends?: 'set' | 'get';
  /** How the results of a request sent in parts become one. Absent: it can't be sent in parts. */
  join?(results: readonly Result[]): Result;
}

/**
 * Any command. Assigning a row to it rests on methods being bivariant: whoever calls them has checked the argument against
 * the row's own schema.
 */
export type AnyRow = CommandRow<boolean, readonly [unknown?], unknown>;

/** A reply that lacks what its command promises. */
export class UnexpectedReply extends Error {}

/** What the table says of every command. */
interface Common<Bound extends boolean, Args extends readonly [unknown?], Result>
  extends Omit<CommandRow<Bound, Args, Result>, 'read' | 'success'> {
  /** Default 1. */
  readonly success?: Success;
}

/** A command that answers with its status alone. */
export function command<const Bound extends boolean, Args extends readonly [unknown?] = []>(
  row: Common<Bound, Args, void>,
): CommandRow<Bound, Args, void> {
  return { success: 1, ...row, read: () => {} };
}

/** A command that answers with something: the schema of its reply, and what is made of one. */
export function query<const Bound extends boolean, Body, Result, Args extends readonly [unknown?] = []>({
  reply,
  result,
  ...row
}: Common<Bound, Args, Result> & {
  readonly reply: z.ZodMiniType<Body>;
  result(body: Body, argument: Args[0]): Result;
}): CommandRow<Bound, Args, Result> {
  return {
    success: 1,
    ...row,
    read(body, argument) {
      const checked = reply.safeParse(body);
      if (checked.success) return result(checked.data, argument);
      const { path, message } = firstComplaint(checked.error.issues);
      throw new UnexpectedReply(`${path.join('.')} ${message}`);
    },
  };
}
