import type { Scope } from '../commands/scope.js';
import type { Reply } from '../json/replies.js';

/** The place of a reply that can't be sent yet. */
export interface Slot {
  readonly scope: Scope;
  readonly line: string | undefined;
  reply: Reply | undefined;
}

/** Requests that the store may be executing for one client. */
const maxUnderWay = 128;

/** How many of them may stand apart, as they may take long. */
const maxApart = 8;

/** The requests of a client whose replies were not sent yet. Replies of one line are sent in the order of their requests. */
export class ReplySlots {
  #slots: Slot[] = [];
  readonly #count: Record<Scope, number> = { place: 0, store: 0, apart: 0 };

  get isEmpty(): boolean {
    return this.#slots.length === 0;
  }

  /** Whether a command can be executed now. One on the whole store runs alone, but for those that stand apart. */
  allows(scope: Scope): boolean {
    const { place, store, apart } = this.#count;
    if (scope === 'apart') return apart < maxApart;
    return store === 0 && (scope === 'place' ? place < maxUnderWay : place === 0);
  }

  /** Whether a reply of this line has to wait for others. */
  delays(line: string | undefined): boolean {
    return line !== undefined && this.#slots.some((slot) => slot.line === line);
  }

  add(slot: Slot): void {
    this.#slots.push(slot);
    this.#count[slot.scope]++;
  }

  /** Removes the slots whose reply can be sent, and gives these in their order. */
  takeReady(): Reply[] {
    const ready: Reply[] = [];
    const waitingLines = new Set<string>();
    const left: Slot[] = [];
    for (const slot of this.#slots) {
      const { line, reply } = slot;
      if (reply !== undefined && !(line !== undefined && waitingLines.has(line))) {
        ready.push(reply);
        this.#count[slot.scope]--;
      } else {
        if (line !== undefined) waitingLines.add(line);
        left.push(slot);
      }
    }
    this.#slots = left;
    return ready;
  }
}
