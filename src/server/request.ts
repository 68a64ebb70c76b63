import { fitsToken, type SessionToken, tokenOf } from './tokens.js';
import { RealNumber, readExactly, readQuickly, type WireObject, type WireValue } from './wire.js';

/** A request that has the outer form of a command. */
export interface Request {
  /** The command, such as `SH_GET`; unknown ones too. */
  readonly command: string;
  readonly body: WireObject;
  /** The session it names, where it has a `tkn` that can be one. */
  readonly token: SessionToken | undefined;
}

/** Why a text is no request; `command` where it names one. */
export type NoRequest = { readonly refusal: 'json' } | { readonly refusal: 'syntax'; readonly command?: string };

/**
 * How nearly every session command begins. Its token alone has the 16 digits that the platform's JSON would round, so
 * the rest is read without it.
 */
const sessionHead = /^\{"SH_[A-Z_]+":\{"tkn":(0|[1-9]\d{0,19})(?=[,}])/;

export function isObject(value: WireValue | undefined): value is WireObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RealNumber);
}

function soleMember(value: WireValue): [string, WireValue] | undefined {
  if (!isObject(value)) return undefined;
  const members = Object.entries(value);
  return members.length === 1 ? members[0] : undefined;
}

function readSessionRequest(text: string): Request | undefined {
  const head = sessionHead.exec(text);
  const digits = head?.[1];
  if (!head || digits === undefined) return undefined;
  const value = readQuickly(`${text.slice(0, head[0].length - digits.length)}0${text.slice(head[0].length)}`);
  if (value === undefined) return undefined;
  const [command, body] = soleMember(value) ?? [];
  if (command === undefined || !isObject(body)) return undefined;
  return { command, body, token: fitsToken(digits) ? digits : undefined };
}

/** Reads what arrived in a text frame. */
export function readRequest(text: string): Request | NoRequest {
  if (text.startsWith('{"SH_')) {
    const request = readSessionRequest(text);
    if (request) return request;
  }
  let value: WireValue | undefined;
  if (text.startsWith('{"KV_')) value = readQuickly(text);
  try {
    value ??= readExactly(text);
  } catch {
    return { refusal: 'json' };
  }
  const [command, body] = soleMember(value) ?? [];
  if (command === undefined) return { refusal: 'syntax' };
  if (!isObject(body)) return { refusal: 'syntax', command };
  return { command, body, token: tokenOf(Object.hasOwn(body, 'tkn') ? body.tkn : undefined) };
}
