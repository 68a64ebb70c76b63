import { LosslessNumber, parse, stringify } from 'lossless-json';
import { type JsonObject, parseJson } from '../../../src/protocol/json.js';
import type { Answer } from './fake-transport.js';

type Kept = ReadonlyMap<string, unknown>;

/** How NemesisDB keeps a number: integers of 64 bits exactly, longer ones as texts, the rest as doubles. */
function keptNumber(text: string): unknown {
  if (!/^-?\d+$/.test(text)) return new LosslessNumber(printedDouble(Number(text)));
  const value = BigInt(text);
  return value >= -(2n ** 63n) && value < 2n ** 64n ? new LosslessNumber(value.toString()) : text;
}

/** Doubles are never printed as integers. */
function printedDouble(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

const read = (text: string) => parse(text, undefined, keptNumber) as Record<string, Record<string, unknown>>; // requests are objects

/**
 * NemesisDB's keys commands, kept in memory, with a parser and a number model of its own: both ends of a round trip
 * must not share their mistakes. Answers go through text, as over the wire.
 */
export function memoryServer(): { readonly answer: Answer; readonly keys: Kept } {
  const keys = new Map<string, unknown>();
  const members = (value: unknown) => Object.entries(value as object); // `keys` of a set is an object
  const handlers: Record<string, (body: Record<string, unknown>) => object> = {
    SET: (body) => {
      for (const [key, value] of members(body.keys)) keys.set(key, value);
      return {};
    },
    ADD: (body) => {
      for (const [key, value] of members(body.keys)) if (!keys.has(key)) keys.set(key, value);
      return {};
    },
    GET: (body) => ({
      keys: Object.fromEntries(
        (body.keys as string[]).filter((key) => keys.has(key)).map((key) => [key, keys.get(key)]),
      ),
    }),
    RMV: (body) => {
      for (const key of body.keys as string[]) keys.delete(key);
      return {};
    },
    CONTAINS: (body) => ({ contains: (body.keys as string[]).filter((key) => keys.has(key)) }),
    EXISTS: (body) => ({ exist: body.tkns }),
  };
  return {
    keys,
    answer(command, _body, { text }) {
      const handle = handlers[command.slice(3)];
      const body = handle === undefined ? { st: 10, m: '' } : { ...handle(read(text)[command] ?? {}), st: 1 };
      return parseJson(stringify(body) ?? '') as JsonObject;
    },
  };
}
