import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import * as z from 'zod/mini';
import type { Clock } from '../clock.js';
import { ValueError } from '../errors.js';
import type { Log } from './log.js';
import { isOrigin } from './network/origins.js';
import type { Store } from './store/store.js';

/**
 * What Node's `tls.createServer` takes; any other of its options is handed on. It is written out so that the package's types
 * need no `@types/node`.
 */
export interface TlsOptions {
  /** The private key, in PEM format. */
  readonly key: string | Uint8Array;
  /** The certificate chain, in PEM format. */
  readonly cert: string | Uint8Array;
  /** The passphrase of the key. */
  readonly passphrase?: string;
  /** The authorities that client certificates are checked against. */
  readonly ca?: string | Uint8Array;
  /** Whether clients have to show a certificate. */
  readonly requestCert?: boolean;
  readonly rejectUnauthorized?: boolean;
}

type Check<Value> = z.ZodMiniType<Value>;

const mebibyte = 2 ** 20;
const day = 86_400_000;

/** The memory that this process may take, in bytes: its heap, or the machine's or container's memory if that is less. */
const memoryOfProcess = Math.min(
  getHeapStatistics().heap_size_limit,
  totalmem(),
  process.constrainedMemory?.() || Number.POSITIVE_INFINITY, // 0 or absent: no limit
);

function whole(from: number, to: number): Check<number> {
  const isRight = (value: unknown) =>
    (Number.isInteger(value) || (value === to && to === Number.POSITIVE_INFINITY)) &&
    Number(value) >= from &&
    Number(value) <= to;
  const range = to === Number.POSITIVE_INFINITY ? `of at least ${from}` : `from ${from} to ${to}`;
  return z.custom<number>(isRight, { error: `must be a whole number ${range}` });
}

function text(what: string): Check<string> {
  return z.custom<string>((value) => typeof value === 'string' && value !== '', { error: `must be ${what}` });
}

function object<Value>(what: string): Check<Value> {
  return z.custom<Value>((value) => typeof value === 'object' && value !== null, { error: `must be ${what}` });
}

const origins: Check<string | readonly string[]> = z.custom(
  (value) => (Array.isArray(value) ? value : [value]).every(isOrigin),
  { error: 'must be an origin such as https://app.example, an array of them, or *' },
);

/** An option: what is right for it, and its default if it has one. */
interface Option<Value, Default extends Value | undefined> {
  readonly check: Check<Value>;
  readonly default: Default;
}

function option<Value>(check: Check<Value>): Option<Value, undefined>;
function option<Value>(check: Check<Value>, byDefault: Value): Option<Value, Value>;
function option<Value>(check: Check<Value>, byDefault?: Value) {
  return { check, default: byDefault };
}

/** All options, each declared here and nowhere else. */
const options = {
  /** The address to listen on. Default `127.0.0.1`: this machine only. */
  host: option(text('an address or a name of this machine, and not empty'), '127.0.0.1'),
  /** The port to listen on. Default 0: any that is free. */
  port: option(whole(0, 65_535), 0),
  /** The longest request, in bytes. Default 1024, as NemesisDB is shipped. */
  maxPayload: option(whole(64, 2 ** 30), 1024),
  /** Milliseconds between two sweeps for expired sessions, at least 10. Default 5000, as NemesisDB's. */
  sweepInterval: option(whole(10, day), 5000),
  /** The folder to save datasets in, which must exist. Default: none, and saving is refused (14). */
  persist: option(text('the path of a folder')),
  /** The dataset to load before anything is answered. Needs `persist`. */
  load: option(text('the name of a dataset')),
  /** How many saves to keep under one name; older ones are removed. Default: all, and 2 of each with `autosave`. */
  keepSaves: option(whole(1, 1_000_000)),
  /**
   * Milliseconds between two saves of everything, at least 100. Everything is also saved on closing, and loaded at the start.
   * Needs `persist`; saves as `autosave/keys` and `autosave/sessions`. Default: none.
   */
  autosave: option(whole(100, day)),
  /** The origins of browser pages that may connect, such as `https://app.example`, or `*` for any. Default: none. */
  allowOrigin: option(origins),
  /**
   * The bearer tokens that clients may connect with (`Authorization: Bearer …`), and read `/metrics` with. Default: everybody
   * who reaches the address may. A token is as good as a password: use long random ones, and TLS.
   */
  bearerToken: option(
    z.custom<string | readonly string[]>(
      (value) =>
        [value].flat().length > 0 && [value].flat().every((token) => typeof token === 'string' && token !== ''),
      { error: 'must be a non-empty string, or an array of them' },
    ),
  ),
  /** The key and the certificate to speak TLS with (`wss:`), as `https.createServer` takes them. Default: no TLS. */
  tls: option(object<TlsOptions>('an object with key and cert')),
  /** How many clients may be connected; others are refused. Default 10,000. */
  maxConnections: option(whole(1, 1_000_000), 10_000),
  /**
   * Approximate bytes that keys and sessions may take; what would exceed it is refused. Default: half of the memory that
   * this process may take. An option of the store in memory: another store has its own.
   */
  maxMemory: option(whole(1, Number.POSITIVE_INFINITY)),
  /** The longest value, in characters as it is stored. Default 1 MiB, or `maxPayload` if that is more. */
  maxValueSize: option(whole(64, 2 ** 29 - 1024)),
  /** The longest reply, in characters; a command whose reply would be longer is refused (42). Default 64 MiB. */
  maxReply: option(whole(1024, 2 ** 29 - 1024), 64 * mebibyte),
  /**
   * Bytes of all replies that wait for clients. Beyond it the client with the most is dropped. Default 256 MiB, or an eighth
   * of the memory that this process may take if that is less.
   */
  maxWaitingReplies: option(whole(mebibyte, 2 ** 40), Math.min(256 * mebibyte, Math.floor(memoryOfProcess / 8))),
  /**
   * Whether clients may watch all sessions, whoever made them (`SH_WATCH` with `all`). It reveals tokens, which are the
   * credentials. Default `false`.
   */
  watchAll: option<boolean>(
    z.custom((value) => typeof value === 'boolean', { error: 'must be true or false' }),
    false,
  ),
  /** Bytes of replies that may wait for a client before no more of its requests are executed. Default 256 KiB. */
  highWaterMark: option(whole(1, 2 ** 30), 256 * 1024),
  /** Milliseconds in which a client may read nothing of the replies that wait before it is dropped. Default 60,000. */
  stallTimeout: option(whole(10, day), 60_000),
  /** Milliseconds without traffic after which a client is pinged. Default 180,000. */
  idleTimeout: option(whole(10, day), 180_000),
  /** Milliseconds that a client may take to become a WebSocket. Default 10,000. */
  upgradeTimeout: option(whole(10, day), 10_000),
  /** Where to report what happens. Default: nowhere. */
  log: option(object<Log>('an object with error, warn and info')),
  /** Where time comes from. Default: the machine. */
  clock: option(object<Clock>('a clock')),
  /** Where keys and sessions are kept. Whoever makes a store closes it, after the server. Default: in memory. */
  store: option(object<Store>('a store')),
};

type Options = typeof options;
type ValueOf<Name extends keyof Options> = Options[Name] extends Option<infer Value, infer _> ? Value : never;

/** How an embedded server is set up. All options have defaults. */
export type NdbServerOptions = {
  -readonly [Name in keyof Options]?: ValueOf<Name> | undefined;
};

/** The options with their defaults filled in. */
export type ServerSettings = {
  readonly [Name in keyof Options]: Options[Name]['default'] extends undefined
    ? ValueOf<Name> | undefined
    : ValueOf<Name>;
} & { readonly maxValueSize: number };

/** Why a value can't be right for an option, such as `must be a whole number from 0 to 65535`; `undefined` if it can. */
export function faultOf(name: keyof Options, value: unknown): string | undefined {
  return z.safeParse(options[name].check as Check<unknown>, value).error?.issues[0]?.message;
}

/** Checks options and fills in the defaults. Throws a `ValueError` that names an option which is unknown or can't be right. */
export function readOptions(given: NdbServerOptions): ServerSettings {
  const settings: Record<string, unknown> = Object.fromEntries(
    Object.entries(options).map(([name, { default: byDefault }]) => [name, byDefault]),
  );
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(options, name)) {
      const names = Object.keys(options).join(', ');
      throw new ValueError(`NdbServer has no option ${JSON.stringify(name)}; it takes ${names}.`, name);
    }
    const fault = faultOf(name as keyof Options, value); // it has one of this name, as seen above
    if (fault !== undefined) throw new ValueError(`${name} ${fault}.`, name);
    settings[name] = value;
  }
  const maxPayload = Number(settings.maxPayload);
  settings.maxValueSize ??= Math.max(mebibyte, maxPayload);
  for (const name of ['load', 'autosave', 'keepSaves'] as const) {
    if (given[name] !== undefined && given.persist === undefined)
      throw new ValueError(`${name} needs the folder of datasets: name it with persist.`, name);
  }
  if (given.autosave !== undefined) settings.keepSaves ??= 2;
  if (given.store !== undefined && given.maxMemory !== undefined)
    throw new ValueError(
      'maxMemory is for the store in memory: bound the memory of the store given instead.',
      'maxMemory',
    );
  if (given.store === undefined) settings.maxMemory ??= Math.floor(memoryOfProcess / 2);
  return settings as ServerSettings; // each option has its default, or a value that was checked
}
