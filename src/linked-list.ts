/** A place in a list. A node that was removed refers to nothing any more. */
export interface ListNode<T> {
  readonly list: LinkedList<T>;
  readonly item: T;
  previous: ListNode<T> | undefined;
  next: ListNode<T> | undefined;
}

/**
 * A doubly linked list: a queue from whose middle an item can be removed without a search.
 *
 * A `Set` does the same, and was measured to cost a tenth of the client's processor time: each time that it grows or
 * shrinks it leaves a table behind, which keeps all later tables alive until a full garbage collection.
 */
export class LinkedList<T> {
  #first: ListNode<T> | undefined;
  #last: ListNode<T> | undefined;
  #size = 0;

  /** How many items it holds. */
  get size(): number {
    return this.#size;
  }

  get first(): ListNode<T> | undefined {
    return this.#first;
  }

  /** Adds an item at the end. */
  push(item: T): ListNode<T> {
    const node: ListNode<T> = { list: this, item, previous: this.#last, next: undefined };
    if (this.#last === undefined) this.#first = node;
    else this.#last.next = node;
    this.#last = node;
    this.#size += 1;
    return node;
  }

  /** Adds an item at the front. */
  unshift(item: T): ListNode<T> {
    const node: ListNode<T> = { list: this, item, previous: undefined, next: this.#first };
    if (this.#first === undefined) this.#last = node;
    else this.#first.previous = node;
    this.#first = node;
    this.#size += 1;
    return node;
  }

  /** Removes a node of this list, which must not have been removed before. */
  remove(node: ListNode<T>): void {
    const { previous, next } = node;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    node.previous = undefined;
    node.next = undefined;
    this.#size -= 1;
  }

  /** Removes the first item and returns it. */
  shift(): T | undefined {
    const first = this.#first;
    if (first !== undefined) this.remove(first);
    return first?.item;
  }
}
