import { PlainText } from '../json/plain-text.js';
import { readExactly, readQuickly } from '../json/read.js';
import { isObject, StoredText, type WireObject, type WireValue } from '../json/wire.js';
import { fitsToken, type SessionToken, tokenOf } from '../store/tokens.js';

/** A request that has the outer form of a command. */
export interface Request {
  /** The command, such as `SH_GET`. It may be unknown. */
  readonly command: string;
  readonly body: WireObject;
  /** The session of its `tkn`; `undefined` if that can't be a token. */
  readonly token: SessionToken | undefined;
  /** What the reply repeats; `undefined` if there is none. */
  readonly id?: string | undefined;
}

/** Why a frame is no request, and the command if it names one. */
export type NoRequest = (
  | { readonly refusal: 'json' }
  | { readonly refusal: 'syntax'; readonly command?: string | undefined }
) & { readonly id?: string | undefined };

/** How a request with an id ends. In JSON the last brace closes the outermost object, so this is a member of that. */
const idAtEnd = /\},"id":"([A-Za-z0-9_-]{1,32})"\}$/;

/** The longest text that `idAtEnd` matches. */
const longestIdAtEnd = 42;

const idForm = /^[A-Za-z0-9_-]{1,32}$/;

/**
 * How nearly every session command begins. Only its token has the 16 digits that the platform's JSON would round, so the
 * rest is read without it.
 */
const sessionHead = /^\{"(SH_[A-Z_]+)":\{"tkn":(0|[1-9]\d{0,19})(?=[,}])/;

/** How commands on top-level keys begin. */
const keysHead = /^\{"(KV_[A-Z_]+)":\{/;

function soleMember(value: WireValue): [string, WireValue] | undefined {
  if (!isObject(value)) return undefined;
  const members = Object.entries(value);
  return members.length === 1 ? members[0] : undefined;
}

/** The id that stands beside a command, and the rest; an id that stands at the end was taken off before. */
function takeId(value: WireValue): { readonly id?: string; readonly rest: WireValue } {
  if (!isObject(value)) return { rest: value };
  const { id, ...rest } = value;
  const isId = typeof id === 'string' && idForm.test(id) && Object.keys(rest).length === 1;
  return isId ? { id, rest } : { rest: value };
}

/** The rest of a request, if it is only plain `keys`: values by name, or names. */
function readPlainKeys(text: string, at: number, before: ',"keys":' | '"keys":'): WireObject | string[] | undefined {
  if (!text.startsWith(before, at)) return undefined;
  const plain = new PlainText(text, at + before.length);
  if (plain.isArray()) {
    const names = plain.strings();
    return names && plain.endsWith('}}') ? names : undefined;
  }
  const values: WireObject = {};
  const put = (name: string, value: string) => {
    // Of two members of one name the first wins. Assigning `__proto__` would make no key.
    if (Object.hasOwn(values, name) || name === '__proto__') return false;
    values[name] = new StoredText(value);
    return true;
  };
  return plain.eachMember(put) && plain.endsWith('}}') ? values : undefined;
}

function readSessionRequest(text: string): Request | undefined {
  const [head, command, digits] = sessionHead.exec(text) ?? [];
  if (head === undefined || command === undefined || digits === undefined) return undefined;
  const token = fitsToken(digits) ? digits : undefined;
  const keys = readPlainKeys(text, head.length, ',"keys":');
  if (keys) return { command, body: { tkn: 0, keys }, token };
  const value = readQuickly(`${text.slice(0, head.length - digits.length)}0${text.slice(head.length)}`);
  const body = value === undefined ? undefined : soleMember(value)?.[1];
  return isObject(body) ? { command, body, token } : undefined;
}

function readKeysRequest(text: string): Request | undefined {
  const [head, command] = keysHead.exec(text) ?? [];
  if (head === undefined || command === undefined) return undefined;
  const keys = readPlainKeys(text, head.length, '"keys":');
  return keys && { command, body: { keys }, token: undefined };
}

/** Reads what arrived in a text frame. */
export function readRequest(text: string): Request | NoRequest {
  const [tail, id] = text.endsWith('"}') ? (idAtEnd.exec(text.slice(-longestIdAtEnd)) ?? []) : [];
  if (tail === undefined) return readWithoutId(text);
  return { ...readWithoutId(`${text.slice(0, -tail.length)}}}`), id };
}

function readWithoutId(text: string): Request | NoRequest {
  const request = text.startsWith('{"SH_') ? readSessionRequest(text) : readKeysRequest(text);
  if (request) return request;
  let value: WireValue | undefined;
  if (text.startsWith('{"KV_')) value = readQuickly(text);
  try {
    value ??= readExactly(text);
  } catch {
    return { refusal: 'json' };
  }
  const { id, rest } = takeId(value);
  const [command, body] = soleMember(rest) ?? [];
  if (command === undefined || !isObject(body)) return { refusal: 'syntax', command, id };
  return { command, body, token: tokenOf(Object.hasOwn(body, 'tkn') ? body.tkn : undefined), id };
}
