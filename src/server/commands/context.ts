import type { Datasets } from '../datasets/datasets.js';
import type { Request } from '../json/request.js';
import type { Later, Store } from '../store/store.js';

/** What commands work on. */
export interface Context {
  readonly store: Store;
  /** Absent where the server was started without a folder to save in. */
  readonly datasets: Datasets | undefined;
  /** The members of the `SV_INFO` reply that go beyond NemesisDB's: each followed by a comma, sorted by name. */
  info(asked: boolean): string;
}

/** Executes one command and gives its reply. */
export type Command = (request: Request, context: Context) => Later<string>;
