import type { JsonObject } from './json.js';
import type { Parameter } from './parameters.js';
import { type CheckedShape, members, type Shape } from './validation.js';

/**
 * Whether a request may be sent a second time if its reply is lost.
 *
 * - `read`: yes. It changes nothing (but may extend a session).
 * - `never`: no. It changes something, and may do harm or answer differently the second time.
 */
export type RetryClass = 'read' | 'never';

/** The status of success. Saves and loads have their own. */
export type Success = 1 | 121 | 141;

/**
 * One command. Its method, types, checks, splitting and retries follow from this row. `Bound`: whether its first
 * argument is a session's token. `Args`: its other argument. `Result`: what it emits.
 */
export interface CommandRow<Bound extends boolean, Args extends readonly [unknown?], Result> {
  /** NemesisDB's name, such as `SH_SET`. */
  readonly command: string;
  /** Whether its first argument is a session's token. */
  readonly bound: Bound;
  /** Its other argument, if it has one. */
  readonly parameter?: Parameter<Args>;
  /** Checks a reply of status `success` and makes the result of it. Throws an `UnexpectedReply` or a `SchemaError`. */
  read(body: JsonObject, argument: Args[0]): Result;
  readonly success: Success;
  readonly retry: RetryClass;
  /** The flag of a session that makes this command extend it. */
  readonly extends?: 'set' | 'get';
  /** Makes one result of those of the requests that it was split into. Absent: the command can't be split. */
  join?(results: readonly Result[]): Result;
}

/**
 * Any command. Assigning a row to it rests on methods being bivariant: whoever calls them has checked the argument with
 * the row's own check.
 */
export type AnyRow = CommandRow<boolean, readonly [unknown?], unknown>;

/** A reply that lacks what its command promises. */
export class UnexpectedReply extends Error {}

/** What the table declares for every command. */
interface Common<Bound extends boolean, Args extends readonly [unknown?], Result>
  extends Omit<CommandRow<Bound, Args, Result>, 'read' | 'success'> {
  /** Default 1. */
  readonly success?: Success;
}

/** A command that is answered with a status alone. */
export function command<const Bound extends boolean, Args extends readonly [unknown?] = []>(
  row: Common<Bound, Args, void>,
): CommandRow<Bound, Args, void> {
  return { success: 1, ...row, read: () => {} };
}

/** A command that is answered with data: the members of its reply, and the result made of them. */
export function query<
  const Bound extends boolean,
  const Body extends Shape,
  Result,
  Args extends readonly [unknown?] = [],
>({
  reply,
  result,
  ...row
}: Common<Bound, Args, Result> & {
  readonly reply: Body;
  result(body: CheckedShape<Body>, argument: Args[0]): Result;
}): CommandRow<Bound, Args, Result> {
  const check = members(reply);
  return {
    success: 1,
    ...row,
    read(body, argument) {
      const issue = check(body);
      if (issue !== undefined) throw new UnexpectedReply(`${issue.path.join('.')} ${issue.message}`);
      return result(body as CheckedShape<Body>, argument); // checked just now
    },
  };
}
