import type { Datasets } from '../datasets/datasets.js';
import type { Later } from '../store/later.js';
import type { Store } from '../store/store.js';
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
  /**
   * The members of the `SV_INFO` reply that NemesisDB does not have: each followed by a comma, sorted by name. `asked`: the
   * client asks for them.
   */
  info(asked: boolean): string;
}

/** Executes one command and gives its reply. `by` names the connection, for the events that it causes. */
export type Command = (request: Request, context: Context, by: string | undefined) => Later<string>;
