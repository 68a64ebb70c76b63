/** One tile: a ring that empties, the seconds that are left, and whose session it is. */
import { durationOf, type Tile } from './board.js';
import { element, prefersReducedMotion, setText, svg } from './dom.js';
import { stateNames } from './words.js';

/** The marks of states in which no seconds are counted. */
const marks: Readonly<Partial<Record<Tile['state']['state'], string>>> = { suspended: '?', expired: '×', ended: '–' };

export class TileView {
  readonly node = element('div', 'tile');
  readonly #ring = svg('circle', { class: 'ring', cx: '20', cy: '20', r: '17', pathLength: '1' });
  readonly #mark = element('span', 'mark');
  readonly #name = element('span', 'name');
  readonly #state = element('span', 'visually-hidden');
  #tile: Tile | undefined;
  #place = '';
  #offset = '';

  constructor() {
    const dial = svg('svg', { viewBox: '0 0 40 40', 'aria-hidden': 'true' });
    dial.append(svg('circle', { class: 'track', cx: '20', cy: '20', r: '17' }), this.#ring);
    this.#mark.ariaHidden = 'true';
    this.node.append(dial, this.#mark, this.#name, this.#state);
    this.node.setAttribute('role', 'option');
  }

  /** Shows this tile, at this place in the list. */
  show(tile: Tile, slot: number, count: number, isSelected: boolean): void {
    const before = this.#tile;
    const { node } = this;
    if (node.ariaSelected !== `${isSelected}`) node.ariaSelected = `${isSelected}`;
    if (node.ariaSetSize !== `${count}`) node.ariaSetSize = `${count}`;
    if (before === tile) return;
    this.#tile = tile;
    const tkn = `${tile.session.tkn}`;
    node.id = `tile-${tkn}`;
    node.dataset.tkn = tkn;
    node.dataset.state = tile.state.state;
    node.ariaPosInSet = `${slot + 1}`;
    setText(this.#name, tile.name);
    setText(this.#state, `, ${stateNames[tile.state.state]}`);
    this.tick(performance.now());
    if (before?.session === tile.session) this.#showChange(before, tile);
  }

  /** Puts it where it belongs, in pixels. */
  place(x: number, y: number): void {
    const place = `translate(${x}px, ${y}px)`;
    if (this.#place === place) return;
    this.#place = place;
    this.node.style.transform = place;
  }

  /** Moves the ring to where it is now. Times of the client are those of `performance.now()`. */
  tick(now: number): void {
    const tile = this.#tile;
    if (tile === undefined) return;
    const left = millisecondsLeft(tile, now);
    const share = left === undefined ? 0 : Math.max(0, Math.min(1, left / durationOf(tile)));
    const offset = (1 - share).toFixed(3);
    if (this.#offset !== offset) this.#ring.style.strokeDashoffset = offset;
    this.#offset = offset;
    setText(this.#mark, marks[tile.state.state] ?? markOf(left));
  }

  /** An extension and a lapse that leaves the session alive are seen for a moment. */
  #showChange(before: Tile, after: Tile): void {
    if (prefersReducedMotion() || !('deadline' in before.state && 'deadline' in after.state)) return;
    const isNewCycle = before.state.cycle !== after.state.cycle;
    const isExtended = after.state.deadline.lo - before.state.deadline.lo > 1000;
    if (isNewCycle) this.#pulse('var(--expired)');
    else if (isExtended) this.#pulse('var(--alive)');
  }

  #pulse(colour: string): void {
    const ring = { stroke: colour, strokeWidth: '6' };
    this.#ring.animate([ring, {}], { duration: 700, easing: 'ease-out' });
  }
}

/** How long until the session may lapse, negative when it is overdue; undefined if nobody knows. */
export function millisecondsLeft({ state }: Tile, now: number): number | undefined {
  return 'deadline' in state && state.state !== 'suspended' ? state.deadline.lo - now : undefined;
}

function markOf(left: number | undefined): string {
  if (left === undefined) return '';
  if (left === Number.POSITIVE_INFINITY) return '∞';
  if (left <= 0) return `+${Math.ceil(-left / 1000)}`;
  const seconds = Math.ceil(left / 1000);
  return seconds < 600 ? `${seconds}` : `${Math.round(seconds / 60)}m`;
}
