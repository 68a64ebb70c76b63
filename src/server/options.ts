import type { Clock } from '../clock.js';
import { ValueError } from '../errors.js';
import type { Log } from './log.js';
import type { Store } from './store/store.js';

/** How an embedded server is set up. All have defaults. */
export interface NdbServerOptions {
  /** The address to listen on. Default `127.0.0.1`: this machine only. */
  host?: string | undefined;
  /** The port to listen on. Default 0: any that is free. */
  port?: number | undefined;
  /** The longest request, in bytes. Default 1024, as NemesisDB is shipped. */
  maxPayload?: number | undefined;
  /** Milliseconds between two looks for expired sessions, at least 10. Default 5000, as NemesisDB's. */
  sweepInterval?: number | undefined;
  /** The folder to save datasets in, which must exist. Default: none, and saving is refused (14). */
  persist?: string | undefined;
  /** The dataset to load before anything is answered. */
  load?: string | undefined;
  /** The origins of browser pages that may connect, such as `https://app.example`, or `*` for any. Default: none. */
  allowOrigin?: string | readonly string[] | undefined;
  /** Connections at once; further ones are refused. Default 10,000. */
  maxConnections?: number | undefined;
  /** Approximate bytes that keys and sessions may take; what would go over it is refused. Default: no bound. */
  maxMemory?: number | undefined;
  /** Bytes of replies that may wait for a client before it is read from no more. Default 256 KiB. */
  highWaterMark?: number | undefined;
  /** Milliseconds in which a client may read nothing of the replies that wait before it is dropped. Default 60,000. */
  stallTimeout?: number | undefined;
  /** Milliseconds without traffic after which a client is asked whether it lives. Default 180,000. */
  idleTimeout?: number | undefined;
  /** Milliseconds that a client may take to become a WebSocket. Default 10,000. */
  upgradeTimeout?: number | undefined;
  /** Where to tell what happens. Default: nowhere. */
  log?: Log | undefined;
  /** Where time comes from. Default: the machine. */
  clock?: Clock | undefined;
  /** Where keys and sessions are kept. Default: in memory. */
  store?: Store | undefined;
}

/** The options that are numbers, with their defaults and what is right for them. */
export const numericOptions = {
  port: { default: 0, from: 0, to: 65_535 },
  maxPayload: { default: 1024, from: 64, to: 2 ** 30 },
  sweepInterval: { default: 5000, from: 10, to: 86_400_000 },
  maxConnections: { default: 10_000, from: 1, to: 1_000_000 },
  maxMemory: { default: Number.POSITIVE_INFINITY, from: 1, to: Number.POSITIVE_INFINITY },
  highWaterMark: { default: 256 * 1024, from: 1, to: 2 ** 30 },
  stallTimeout: { default: 60_000, from: 10, to: 86_400_000 },
  idleTimeout: { default: 180_000, from: 10, to: 86_400_000 },
  upgradeTimeout: { default: 10_000, from: 10, to: 86_400_000 },
} as const;

type NumericOption = keyof typeof numericOptions;

/** What is wrong with an option that has to be a number, as one sentence that calls it by a name; `undefined` where it is right. */
export function numericFault(name: NumericOption, value: number, calledHere: string = name): string | undefined {
  const { from, to } = numericOptions[name];
  const isWhole = Number.isInteger(value) || (value === Number.POSITIVE_INFINITY && value === to);
  if (isWhole && value >= from && value <= to) return undefined;
  return `${calledHere} must be a whole number ${to === Number.POSITIVE_INFINITY ? `of at least ${from}` : `from ${from} to ${to}`}.`;
}

/** The options that are no numbers, with what is right for them. */
const otherOptions: Readonly<
  Record<Exclude<keyof NdbServerOptions, NumericOption>, readonly [string, (value: unknown) => boolean]>
> = {
  host: ['a text', isText],
  persist: ['the path of a folder', isText],
  load: ['the name of a dataset', isText],
  allowOrigin: [
    'an origin such as https://app.example, an array of them, or *',
    (value) => (Array.isArray(value) ? value : [value]).every(isOrigin),
  ],
  log: ['an object', isObject],
  clock: ['an object', isObject],
  store: ['an object', isObject],
};

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** As browsers write it: no path, not even a slash, or nothing would ever match. */
function isOrigin(value: unknown): boolean {
  return value === '*' || (typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value);
}

/** What is wrong with an origin, as one sentence that calls it by a name; `undefined` where it is right. */
export function originFault(value: unknown, calledHere: string): string | undefined {
  return isOrigin(value) ? undefined : `${calledHere} must be an origin such as https://app.example, or *.`;
}

/** Throws a `ValueError` that names an option which is unknown or can't be right. */
export function checkOptions(options: NdbServerOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (name in numericOptions || value === undefined) continue;
    if (!Object.hasOwn(otherOptions, name)) {
      const names = [...Object.keys(otherOptions), ...Object.keys(numericOptions)].join(', ');
      throw new ValueError(`NdbServer has no option ${JSON.stringify(name)}; it takes ${names}.`, name);
    }
    const [right, isRight] = otherOptions[name as keyof typeof otherOptions]; // it has one of this name, as seen above
    if (!isRight(value)) throw new ValueError(`${name} must be ${right}.`, name);
  }
}

/** Fills in the defaults. Throws a `ValueError` for what can't be right. */
export function numbersOf(options: NdbServerOptions): Record<NumericOption, number> {
  const resolve = (name: NumericOption) => {
    const value = options[name] ?? numericOptions[name].default;
    const fault = numericFault(name, value);
    if (fault !== undefined) throw new ValueError(fault, name);
    return value;
  };
  return {
    port: resolve('port'),
    maxPayload: resolve('maxPayload'),
    sweepInterval: resolve('sweepInterval'),
    maxConnections: resolve('maxConnections'),
    maxMemory: resolve('maxMemory'),
    highWaterMark: resolve('highWaterMark'),
    stallTimeout: resolve('stallTimeout'),
    idleTimeout: resolve('idleTimeout'),
    upgradeTimeout: resolve('upgradeTimeout'),
  };
}
