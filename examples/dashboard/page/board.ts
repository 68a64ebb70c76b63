/** Where each session has its place. Pure: the streams fold changes into it. */
import type { Session, SessionExpiry, SessionState } from 'rx-nemesisdb';

/** A session on the board. */
export interface Tile {
  readonly session: Session;
  readonly name: string;
  /** How it expires; undefined if it never does. */
  readonly expiry: SessionExpiry | undefined;
  readonly state: SessionState;
}

/** How long a session lives after each extension, in milliseconds. */
export const durationOf = ({ expiry }: Tile): number =>
  expiry === undefined ? Number.POSITIVE_INFINITY : expiry.duration * 1000;

/** Whether nothing more can happen to the session. */
export const isOver = ({ state: { state } }: Tile): boolean =>
  state === 'expired' || state === 'ended' || state === 'closed';

/** `shown`: a session is new or its state changed. `removed`: it is over and was seen to be. */
export type Change =
  | { readonly type: 'shown'; readonly tile: Tile }
  | { readonly type: 'removed'; readonly tkn: bigint };

/** A tile keeps its slot as long as it is there, so that nothing moves while one looks at it. */
export interface Board {
  readonly slots: readonly (Tile | undefined)[];
  readonly slotOf: ReadonlyMap<bigint, number>;
}

export const emptyBoard: Board = { slots: [], slotOf: new Map() };

/** The board after some changes. A new session takes the first free slot. */
export function applyChanges(board: Board, changes: readonly Change[]): Board {
  const slots = [...board.slots];
  const slotOf = new Map(board.slotOf);
  let from = 0;
  const firstFree = () => {
    const free = slots.indexOf(undefined, from);
    from = free === -1 ? slots.length : free;
    return from;
  };
  for (const change of changes) {
    const tkn = change.type === 'shown' ? change.tile.session.tkn : change.tkn;
    const slot = slotOf.get(tkn);
    if (change.type === 'shown') {
      const place = slot ?? firstFree();
      slots[place] = change.tile;
      slotOf.set(tkn, place);
    } else if (slot !== undefined) {
      slots[slot] = undefined;
      slotOf.delete(tkn);
      from = Math.min(from, slot);
    }
  }
  while (slots.length > 0 && slots.at(-1) === undefined) slots.pop();
  return { slots, slotOf };
}

/** The session of a token, if it is on the board. */
export function tileOf(board: Board, tkn: bigint | undefined): Tile | undefined {
  const slot = tkn === undefined ? undefined : board.slotOf.get(tkn);
  return slot === undefined ? undefined : board.slots[slot];
}

/** How many sessions are in each state. */
export function countStates(board: Board): Map<SessionState['state'], number> {
  const counts = new Map<SessionState['state'], number>();
  for (const tile of board.slots) {
    if (tile !== undefined) counts.set(tile.state.state, (counts.get(tile.state.state) ?? 0) + 1);
  }
  return counts;
}

/** The slot that a movement of so many slots leads to; the nearest that is taken beyond it, or the last one before it. */
export function moveFrom(board: Board, slot: number, by: number): number | undefined {
  const { slots } = board;
  const goal = Math.max(0, Math.min(slots.length - 1, slot + by));
  const step = Math.sign(by) || 1;
  for (let at = goal; at >= 0 && at < slots.length; at += step) if (slots[at] !== undefined) return at;
  for (let at = goal; at >= 0 && at < slots.length; at -= step) if (slots[at] !== undefined) return at;
  return undefined;
}
