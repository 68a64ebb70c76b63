import { UnexpectedReply } from '../../protocol/command-row.js';
import { commands } from '../../protocol/commands.js';
import type { JsonObject } from '../../protocol/json.js';
import type { SessionInfo } from '../../protocol/replies.js';
import { Status } from '../../protocol/status.js';
import type { Reply } from '../../transport/transport.js';
import type { SessionSettings, SuspensionReason } from '../events.js';
import type { SettledCommand } from '../port.js';
import type { Interval } from './interval.js';

/**
 * All that can change a lease. There is no other way.
 *
 * A server of ours pushes what happens to a session, with exact times. A pushed event becomes a member of this union as
 * well, beside `info`: its deadline is narrow, and what it says is proven.
 */
export type Evidence =
  /** A set, add (`set`) or get of ours succeeded. */
  | { readonly type: 'touched'; readonly with: 'set' | 'get'; readonly span: Interval; readonly hasKeys?: boolean }
  /**
   * `SH_INFO` was answered. `decides`: what may have happened is emitted, though a later answer could tell it apart.
   */
  | { readonly type: 'info'; readonly span: Interval; readonly info: InfoReport; readonly decides?: boolean }
  /** A reply shows that the session is there; and whether it holds keys, if `hasKeys` is given, be it as undefined. */
  | { readonly type: 'exists'; readonly span: Interval; readonly hasKeys?: boolean | undefined }
  /** A reply shows that there is no such session. */
  | { readonly type: 'gone'; readonly span: Interval }
  /** Our `SH_END` succeeded, or our `SH_END_ALL`. */
  | { readonly type: 'ended'; readonly command: 'SH_END' | 'SH_END_ALL' }
  /**
   * The reply to a command of ours was lost at `at`. It may have been executed, or will be before what is written
   * later.
   */
  | { readonly type: 'touch-lost'; readonly with: 'set' | 'get'; readonly at: number }
  | { readonly type: 'keys-lost' }
  | { readonly type: 'end-lost'; readonly at: number }
  /** Trust in the connection, the clocks or both is lost. */
  | ({ readonly type: 'doubt' } & Doubt)
  /** It is time to announce that the deadline is near, or past. */
  | { readonly type: 'announce'; readonly event: 'expiring' | 'overdue' }
  | { readonly type: 'closed' };

/** What can't be trusted any more, since when, and what was lost first. */
export interface Doubt {
  readonly at: number;
  readonly reason: SuspensionReason;
  readonly connection: boolean;
  readonly clock: boolean;
}

/** What `SH_INFO` reports, as far as it matters here. */
export interface InfoReport {
  readonly keyCount: number;
  readonly settings: SessionSettings;
  /** Whole seconds left, cut toward zero. */
  readonly remaining: number;
}

/** From writing a request to its reply. */
export const spanOf = (reply: Reply): Interval => ({ lo: reply.writtenAt, hi: reply.answeredAt });

/** What a reply says about the session that its command is bound to; undefined: nothing. */
export function evidenceOf(
  { row, argument }: SettledCommand,
  { body }: Pick<Reply, 'body'>,
  span: Interval,
): Evidence | undefined {
  if (body.st === Status.SessionNotExist) return { type: 'gone', span };
  if (body.st !== Status.Ok) return undefined;
  if (row.extends !== undefined) {
    const holds = hasMembers(row.extends === 'set' ? argument : body.keys);
    return { type: 'touched', with: row.extends, span, ...(holds && { hasKeys: true }) };
  }
  switch (row.command) {
    case 'SH_INFO': {
      const info = infoIn(body);
      return info === undefined ? undefined : { type: 'info', span, info };
    }
    case 'SH_END':
      return { type: 'ended', command: row.command };
    case 'SH_COUNT':
      return { type: 'exists', span, hasKeys: Number(body.cnt) > 0 };
    case 'SH_KEYS':
      return { type: 'exists', span, hasKeys: hasMembers(body.keys) };
    case 'SH_CLEAR':
      return { type: 'exists', span, hasKeys: false };
    case 'SH_CLEAR_SET':
      return { type: 'exists', span, hasKeys: hasMembers(argument) };
    case 'SH_RMV':
      return { type: 'exists', span, hasKeys: undefined };
    default:
      return { type: 'exists', span };
  }
}

/** What it means for the session of a command that its reply is lost. */
export function evidenceOfLoss({ row }: SettledCommand, at: number): Evidence | undefined {
  if (row.extends !== undefined) return { type: 'touch-lost', with: row.extends, at };
  switch (row.command) {
    case 'SH_END':
      return { type: 'end-lost', at };
    case 'SH_CLEAR':
    case 'SH_CLEAR_SET':
    case 'SH_RMV':
      return { type: 'keys-lost' };
    default:
      return undefined;
  }
}

/** Whether a value has a member that is sent: one that is undefined is not. */
function hasMembers(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((member) => member !== undefined);
}

/** The tokens of a list in a command's argument. */
export function tokensIn(value: unknown): bigint[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.flatMap((item) =>
    typeof item === 'bigint' || typeof item === 'string' || Number.isSafeInteger(item)
      ? [BigInt(item as bigint | string | number)] // the command has checked it
      : [],
  );
}

/** The tokens of the sessions that exist, by a reply to `SH_EXISTS`; undefined if it can't be understood. */
export function existingIn(body: JsonObject): ReadonlySet<bigint> | undefined {
  const existing = body.st === Status.Ok ? understood(() => commands.sh_session_exists.read(body, [])) : undefined;
  return existing && new Set(existing);
}

/** What a successful reply to `SH_INFO` reports; undefined if it can't be understood. */
export function infoIn(body: JsonObject): InfoReport | undefined {
  const info = understood(() => commands.sh_info.read(body, undefined));
  return info && reportOf(info);
}

function understood<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnexpectedReply) return undefined;
    throw error;
  }
}

/** What is known of a session by its `SH_INFO`. */
export function reportOf(info: SessionInfo): InfoReport {
  if (!info.expires) {
    const settings = { duration: 0, deleteSession: false, extendOnSetAdd: false, extendOnGet: false };
    return { keyCount: info.keyCnt, remaining: 0, settings };
  }
  const { duration, remaining, ...flags } = info.expiry;
  return { keyCount: info.keyCnt, remaining, settings: { duration: duration * 1000, ...flags } };
}
