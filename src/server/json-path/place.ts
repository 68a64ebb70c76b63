import type { WireValue } from '../json/wire.js';
import { stepsPerPlace, type Work } from './work.js';

/** A place that a path leads to: the root, or an item or member of what is at another place. */
export class Place {
  readonly value: WireValue;
  /** The place of the array or object that holds this one; `undefined` for the root. */
  readonly holder: Place | undefined;
  /** By which name or index it is held. */
  readonly key: string | number;
  /** Whether the value was computed, such as a length: nothing can be written there. */
  readonly isComputed: boolean;

  constructor(value: WireValue, holder?: Place, key: string | number = '', isComputed = holder?.isComputed ?? false) {
    this.value = value;
    this.holder = holder;
    this.key = key;
    this.isComputed = isComputed;
  }
}

/** How many steps a place is from the root. */
export function depthOf(place: Place): number {
  let depth = 0;
  for (let { holder } = place; holder; holder = holder.holder) depth++;
  return depth;
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

const escaped = /[\\'\b\f\n\r\t]/g;

/** A place as NemesisDB writes it: `$['name'][0]`. */
export function pathOf(place: Place): string {
  let path = '';
  for (let at = place; at.holder; at = at.holder) {
    const { key } = at;
    path = `${typeof key === 'number' ? `[${key}]` : `['${escapedName(key)}']`}${path}`;
  }
  return `$${path}`;
}

function escapedName(name: string): string {
  return name.replace(escaped, (character) => escapes[character] ?? character);
}

/** Leaves out each place that came before. It yields when `work.isSliceOver`. */
export function* withoutRepeats(places: readonly Place[], work: Work): Generator<void, Place[]> {
  const seen = new Map<WireValue | undefined, Set<string | number>>();
  const once: Place[] = [];
  for (const place of places) {
    const holder = place.holder?.value;
    const keys = seen.get(holder) ?? new Set();
    if (keys.size === 0) seen.set(holder, keys);
    const size = keys.size;
    keys.add(place.key);
    if (keys.size > size) once.push(place);
    work.spend(stepsPerPlace);
    if (work.isSliceOver) yield;
  }
  return once;
}
