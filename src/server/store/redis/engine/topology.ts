import { type Access, type Address, type NodeListener, RedisNode, type Replication } from './node.js';

/** Milliseconds that a node has to say which slots are whose. */
const answerTimeout = 1000;

/** The nodes, and which of them is the master of each shard. */
export interface Topology {
  /** The node that a shard's calls go to; `undefined` if nobody knows one. */
  nodeOf(shard: number): RedisNode | undefined;
  nodeAt(address: Address): RedisNode;
  /** A node has said where a shard is now. */
  moved(shard: number, to: Address): void;
  /** Asks the nodes anew where the shards are. Never rejects: what is not known stays as it was. */
  refresh(): Promise<void>;
  readonly nodes: Iterable<RedisNode>;
}

/** One Redis or Valkey. */
export function singleNode(
  address: Address,
  access: Access,
  replication: Replication,
  listener: NodeListener,
): Topology {
  const node = new RedisNode(address, access, replication, listener);
  return {
    nodeOf: () => node,
    nodeAt: () => node,
    moved: () => {},
    refresh: () => Promise.resolve(),
    nodes: [node],
  };
}

type SlotRange = readonly [from: number, to: number, master: readonly [host: string, port: number]];

/** A cluster, of which some nodes are known. */
export class ClusterTopology implements Topology {
  readonly #access: Access;
  readonly #replication: Replication;
  readonly #listener: NodeListener;
  readonly #tags: readonly string[];
  readonly #seeds: ReadonlySet<Address>;
  readonly #nodes = new Map<Address, RedisNode>();
  /** The slot of each shard, once a node has computed it. */
  #slots: readonly number[] | undefined;
  /** The master of each shard. */
  #masters: Address[] = [];
  #refreshing: Promise<void> | undefined;

  /** `tags`: the hash tag of each shard. */
  constructor(
    seeds: readonly Address[],
    tags: readonly string[],
    access: Access,
    replication: Replication,
    listener: NodeListener,
  ) {
    this.#access = access;
    this.#replication = replication;
    this.#listener = listener;
    this.#tags = tags;
    this.#seeds = new Set(seeds);
    for (const seed of seeds) this.nodeAt(seed);
  }

  get nodes(): Iterable<RedisNode> {
    return this.#nodes.values();
  }

  nodeOf(shard: number): RedisNode | undefined {
    const master = this.#masters[shard];
    return master === undefined ? undefined : this.#nodes.get(master);
  }

  nodeAt(address: Address): RedisNode {
    let node = this.#nodes.get(address);
    if (node === undefined) {
      node = new RedisNode(address, this.#access, this.#replication, this.#listener);
      this.#nodes.set(address, node);
    }
    return node;
  }

  moved(shard: number, to: Address): void {
    this.nodeAt(to);
    this.#masters[shard] = to;
  }

  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    // The first answer counts. One that is out of date is put right by the node that it names.
    for (const node of this.#nodes.values()) {
      if (!node.isReady) continue;
      try {
        return await this.#learnFrom(node);
      } catch {
        // The next one may know.
      }
    }
  }

  async #learnFrom(node: RedisNode): Promise<void> {
    const slots =
      this.#slots ?? (await Promise.all(this.#tags.map((tag) => within(node.ask(['cluster', 'keyslot', tag])))));
    this.#slots = slots as readonly number[]; // an integer for each tag
    // The shape that the documentation of CLUSTER SLOTS gives: from, to, master, replicas.
    const ranges = (await within(node.ask(['cluster', 'slots']))) as readonly SlotRange[];
    for (const [shard, slot] of this.#slots.entries()) {
      const range = ranges.find(([from, to]) => slot >= from && slot <= to);
      if (range === undefined) continue;
      const [host, port] = range[2];
      // A node that does not know its own address leaves it out.
      this.moved(shard, `${host || hostOf(node.address)}:${port}`);
    }
    this.#forgetOldNodes();
  }

  /** Ends connections to nodes that have left. */
  #forgetOldNodes(): void {
    for (const [address, node] of this.#nodes) {
      if (node.isReady || this.#seeds.has(address) || this.#masters.includes(address)) continue;
      node.close();
      this.#nodes.delete(address);
    }
  }
}

const hostOf = (address: Address) => address.slice(0, address.lastIndexOf(':'));

function within<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('No answer.')), answerTimeout);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
