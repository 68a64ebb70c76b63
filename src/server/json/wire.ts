/** A JSON value as it is stored, sent and saved: exact, with members sorted by name. */
export type JsonText = string;

/**
 * A number written with a fraction or an exponent whose value is an integer, such as `5.0`, or one too large for a double,
 * such as `1e400`. NemesisDB tells it from an integer: it is neither a token nor a duration.
 */
export class RealNumber {
  constructor(readonly value: number) {}
}

/** A value that is only stored, already in the form in which it is stored. */
export class StoredText {
  constructor(readonly text: JsonText) {}
}

/** JSON as it arrived. Integers past 2^53 are `bigint`; integers past 64 bits are the string that NemesisDB makes of them. */
export type WireValue = null | boolean | number | bigint | string | RealNumber | StoredText | WireValue[] | WireObject;

/** An object as it arrived. Every name is a plain key, `__proto__` too. */
export interface WireObject {
  [name: string]: WireValue;
}

/** Whether a value is a JSON object. */
export function isObject(value: WireValue | undefined): value is WireObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !(value instanceof RealNumber) && !(value instanceof StoredText);
}

/** A member of an object; `undefined` if it has none of this name. Inherited members do not count. */
export function member(object: WireObject, name: string): WireValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Adds a member. Plain assignment to `__proto__` would change what the object inherits from. */
export function setMember(object: WireObject, name: string, value: WireValue): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[name] = value;
  }
}
