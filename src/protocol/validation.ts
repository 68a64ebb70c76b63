import { ValueError } from '../errors.js';

/** What is wrong with a value: where in it, and words to put after its name, such as `must be a string`. */
export interface Issue {
  readonly path: readonly string[];
  readonly message: string;
}

/** Says what is wrong with a value, or nothing if it is a `Value`. */
export interface Check<Value> {
  (value: unknown): Issue | undefined;
  /** Carries the type alone; never set. */
  readonly type?: Value;
}

/** What passes a check. */
export type Checked<C> = C extends Check<infer Value> ? Value : never;

/** One check for each member. */
export interface Shape {
  readonly [name: string]: Check<unknown>;
}

/** What passes a shape. */
export type CheckedShape<S extends Shape> = { readonly [Name in keyof S]: Checked<S[Name]> };

/** An issue with the value itself. */
export const issue = (message: string): Issue => ({ path: [], message });

/** Passes what the test accepts. `description` completes the sentence "it must be …". */
export const is =
  <Value>(description: string, test: (value: unknown) => boolean): Check<Value> =>
  (value) =>
    test(value) ? undefined : issue(`must be ${description}`);

/** Passes `undefined` as well. */
export const optional =
  <Value>(check: Check<Value>): Check<Value | undefined> =>
  (value) =>
    value === undefined ? undefined : check(value);

/** Passes one of these strings. */
export function oneOf<const Value extends string>(...values: readonly Value[]): Check<Value> {
  const quoted = values.map((value) => `'${value}'`);
  const description = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
  return is(description, (value) => (values as readonly unknown[]).includes(value)); // any value may be looked up
}

export const isString = (value: unknown): value is string => typeof value === 'string';

/** Whether this is an object, but no array. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Passes an object with these members. Other members pass too, unchecked. */
export function members<const S extends Shape>(shape: S): Check<CheckedShape<S>> {
  const checks = Object.entries(shape);
  const names = checks.map(([name]) => name).join(', ');
  return (value) => {
    if (!isObject(value)) return issue(`must be an object with ${names}`);
    for (const [name, check] of checks) {
      const found = check(value[name]);
      if (found !== undefined) return { ...found, path: [name, ...found.path] };
    }
    return undefined;
  };
}

/** Passes an object with these members and no others, so that a misspelt name is an error. */
export function exactly<const S extends Shape>(shape: S): Check<CheckedShape<S>> {
  const check = members(shape);
  const names = Object.keys(shape).join(', ');
  return (value) => {
    if (isObject(value)) {
      const unknown = Object.keys(value).filter((name) => !Object.hasOwn(shape, name));
      if (unknown.length > 0) return issue(`has no ${unknown.map(quote).join(', ')}; it takes ${names}`);
    }
    return check(value);
  };
}

const quote = (name: string) => JSON.stringify(name);

/**
 * Throws a `ValueError` if a value fails its check.
 *
 * @param who The method, to begin the message with.
 * @param name What to call the value itself in the message.
 */
export function demand(check: Check<unknown>, value: unknown, who: string, name: string, rest = ' Nothing was sent.') {
  const found = check(value);
  if (found === undefined) return;
  const place = found.path.join('.') || name;
  throw new ValueError(`${who}: ${place} ${found.message}.${rest}`, place);
}
