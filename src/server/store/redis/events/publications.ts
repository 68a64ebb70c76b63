import { Redis } from 'ioredis';
import { Observable, share } from 'rxjs';
import type { Engine } from '../engine/engine.js';
import { type Access, type Address, hostAndPort } from '../engine/node.js';
import type { Layout, Shard } from '../layout.js';

/** What is published about a shard. */
export type Publication =
  | { readonly shard: Shard; readonly message: string }
  /** Publications of the shard arrive from now on. Earlier ones may have been missed. */
  | { readonly shard: Shard; readonly message: 'subscribed' };

/** Milliseconds between two looks whether each shard is still subscribed to at its master. */
const checkInterval = 500;

/** One connection that subscribes: it can do nothing else meanwhile. */
interface Subscriber {
  readonly client: Redis;
  readonly channels: Set<string>;
}

/**
 * What scripts publish about all shards, by sharded publish and subscribe: each channel is at the node that has the shard.
 * Connections are made on the first subscription and released with the last.
 */
export function publications(engine: Engine, layout: Layout, access: Access): Observable<Publication> {
  return new Observable<Publication>((subscriber) => {
    const shards = new Map(layout.shards.map((shard) => [shard.log, shard]));
    const subscribers = new Map<Address, Subscriber>();

    const subscribe = ({ client, channels }: Subscriber, shard: Shard) => {
      channels.add(shard.log);
      client.ssubscribe(shard.log).then(
        () => subscriber.next({ shard, message: 'subscribed' }),
        // It has moved, or the connection is lost: the next look finds out.
        () => channels.delete(shard.log),
      );
    };
    const look = () => {
      for (const shard of layout.shards) {
        const address = engine.addressOf(shard.index);
        if (address === undefined) continue;
        let at = subscribers.get(address);
        if (at === undefined) {
          at = makeSubscriber(address);
          subscribers.set(address, at);
        }
        if (at.client.status === 'ready' && !at.channels.has(shard.log)) subscribe(at, shard);
      }
    };
    const makeSubscriber = (address: Address): Subscriber => {
      const client = new Redis({ ...access, ...hostAndPort(address), lazyConnect: true, autoResubscribe: false });
      const channels = new Set<string>();
      client.on('error', () => {});
      client.on('ready', look);
      client.on('close', () => channels.clear());
      // A shard has left this node, and the node has ended the subscription.
      client.on('moved', () => client.disconnect(true));
      client.on('smessage', (channel: string, message: string) => {
        const shard = shards.get(channel);
        if (shard !== undefined) subscriber.next({ shard, message });
      });
      client.connect().catch(() => {});
      return { client, channels };
    };

    const timer = setInterval(look, checkInterval);
    look();
    return () => {
      clearInterval(timer);
      for (const { client } of subscribers.values()) client.disconnect();
    };
  }).pipe(share());
}
