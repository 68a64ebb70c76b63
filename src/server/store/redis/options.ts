import { z } from 'zod';
import { ValueError } from '../../../errors.js';

/** How sessions and keys are kept in Redis or Valkey, version 7 or later. */
export interface RedisStoreOptions {
  /**
   * The engine: `redis://user:password@host:6379/0`, or a cluster by some of its nodes,
   * `redis+cluster://user:password@host:6379,host:6380`. `rediss` instead of `redis` for TLS.
   */
  url: string;
  /** What the names of all keys begin with, so that several stores can share an engine. Default `ndb`. */
  prefix?: string | undefined;
  /** Into how many parts sessions and keys are divided. All servers of a store must agree, for ever. Default 64. */
  shards?: number | undefined;
  /** Milliseconds after which a command that the engine has not answered fails. Default 2000. */
  timeout?: number | undefined;
  /**
   * How many replicas must have a write before it is acknowledged. Without it, a master that dies may take writes of the last
   * moment with it. Default 0.
   */
  replicas?: number | undefined;
  /** How many `expired` and `ended` events are kept, approximately. Default 100,000. */
  logLength?: number | undefined;
  /** The most bytes of values that an `expired` event carries. Default 65,536. */
  maxValues?: number | undefined;
  /** Milliseconds after which an event that a member of a group has not acknowledged goes to another. Default 60,000. */
  redeliverAfter?: number | undefined;
}

const whole = (from: number, to: number) =>
  z
    .number(`must be a whole number from ${from} to ${to}`)
    .refine((value) => Number.isInteger(value) && value >= from && value <= to, {
      error: `must be a whole number from ${from} to ${to}`,
    });

const schema = z.strictObject({
  url: z.string('must be a URL such as redis://127.0.0.1:6379'),
  prefix: z
    .string('must be a string')
    .regex(/^[^{}\s]+$/, 'must be a non-empty string without braces or spaces')
    .default('ndb'),
  shards: whole(1, 16_384).default(64),
  timeout: whole(10, 3_600_000).default(2000),
  replicas: whole(0, 100).default(0),
  logLength: whole(1, 1_000_000_000).default(100_000),
  maxValues: whole(0, 2 ** 29).default(65_536),
  redeliverAfter: whole(10, 86_400_000).default(60_000),
});

/** Options with their defaults, and the URL taken apart. */
export interface ResolvedOptions extends z.output<typeof schema> {
  readonly engine: Engine;
}

/** Where the engine is, as its URL says. */
export interface Engine {
  readonly isCluster: boolean;
  /** Addresses such as `127.0.0.1:6379`. */
  readonly nodes: readonly string[];
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: Record<string, never>;
}

/** Fills in the defaults. Throws a `ValueError` that names the option that is wrong. */
export function resolveOptions(options: RedisStoreOptions): ResolvedOptions {
  const result = schema.safeParse(options);
  if (!result.success) {
    const issue = result.error.issues[0];
    if (issue?.code === 'unrecognized_keys') {
      const name = issue.keys[0] ?? '';
      throw new ValueError(
        `redisStore has no option ${JSON.stringify(name)}; it takes ${Object.keys(schema.shape).join(', ')}.`,
        name,
      );
    }
    const name = String(issue?.path[0] ?? 'options');
    throw new ValueError(`${name} ${issue?.message ?? 'is wrong'}.`, name);
  }
  return { ...result.data, engine: readUrl(result.data.url) };
}

/** Whether a string names a store in Redis or Valkey. */
export const isRedisUrl = (text: string) => /^rediss?(\+cluster)?:/.test(text);

/** By hand: a URL has one host, and that of a cluster has several. */
const pattern = /^(rediss?)(\+cluster)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?#]+)(?:\/(\d*))?$/;

function readUrl(url: string): Engine {
  const [, scheme, cluster, username = '', password = '', hosts = '', db = ''] = pattern.exec(url) ?? [];
  const nodes = hosts.split(',').map((host) => (/:\d+$/.test(host) ? host : `${host}:6379`));
  if (scheme === undefined || hosts.split(',').includes('') || (cluster !== undefined && db !== '')) {
    throw new ValueError(
      'url must be such as redis://127.0.0.1:6379/0, or redis+cluster://127.0.0.1:6379,127.0.0.1:6380 for a cluster.',
      'url',
    );
  }
  if (cluster === undefined && nodes.length > 1) {
    throw new ValueError('url names several hosts: write redis+cluster:// if they are nodes of a cluster.', 'url');
  }
  return {
    isCluster: cluster !== undefined,
    nodes,
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(db !== '' && { db: Number(db) }),
    ...(scheme === 'rediss' && { tls: {} }),
  };
}
