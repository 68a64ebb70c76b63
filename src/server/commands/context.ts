import type { Datasets } from '../datasets/datasets.js';
import type { Reply } from '../json/replies.js';
import type { Later } from '../store/later.js';
import type { Store } from '../store/store.js';
import type { EventRouter } from '../watch/event-router.js';
import type { Watches } from '../watch/watches.js';
import type { Request } from './request.js';

/** What one request may make the server hold. */
export interface Limits {
  /** The longest value, in characters as it is stored. */
  readonly maxValueSize: number;
  /** The longest reply, in characters. */
  readonly maxReply: number;
}

/** What commands work on. */
export interface Context {
  readonly store: Store;
  /** `undefined` if the server was started without a folder to save in. */
  readonly datasets: Datasets | undefined;
  readonly limits: Limits;
  /** Hands out what happens to sessions. */
  readonly router: EventRouter;
  /** Whether clients may watch all sessions, which reveals their tokens. */
  readonly watchAll: boolean;
  /**
   * The members of the `SV_INFO` reply that NemesisDB does not have: each followed by a comma, sorted by name. `asked`: the
   * client asks for them.
   */
  info(asked: boolean): string;
}

/** The connection that a request came from. */
export interface Caller {
  /** Names it in the events that its commands cause. */
  readonly id: string;
  /** `undefined` if nothing can be pushed to it. */
  readonly watches: Watches | undefined;
}

/** Executes one command and gives its reply. */
export type Command = (request: Request, context: Context, caller: Caller) => Later<Reply>;
