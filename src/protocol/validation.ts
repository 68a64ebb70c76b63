import * as z from 'zod/mini';

/** A value that passes as it is, by reference: zod's own objects would walk and copy, and copies lose `__proto__`. */
export function must<Value>(be: string, test: (value: unknown) => boolean): z.ZodMiniCustom<Value, Value> {
  return z.custom<Value>(test, { error: `must be ${be}` });
}

/** An object with these members and no others, so that a misspelt one is told instead of ignored. */
export function members<const Shape extends Readonly<Record<string, z.core.$ZodType>>>(shape: Shape) {
  const names = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has no ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}; it takes ${names}`
        : `must be an object with ${names}`,
  });
}

/** Such an object, or `false`. */
export function membersOrFalse(object: ReturnType<typeof members>) {
  const off = must<false>('false', (value) => value === false);
  const names = Object.keys(object.shape).join(', ');
  return z.union([off, object], { error: `must be false, or an object with ${names}` });
}

/** What is wrong with a value, and with which member of it. */
export interface Complaint {
  readonly path: readonly string[];
  readonly message: string;
}

/** The first thing that is wrong. Of the alternatives of a union the last one speaks, where it got further than the top. */
export function firstComplaint(issues: readonly z.core.$ZodIssue[]): Complaint {
  const issue = issues[0];
  if (issue === undefined) return { path: [], message: 'is not valid' };
  if (issue.code === 'invalid_union') {
    const inner = issue.errors.at(-1)?.[0];
    if (inner !== undefined && (inner.path.length > 0 || inner.code === 'unrecognized_keys')) {
      const { path, message } = firstComplaint([inner]);
      return { path: [...issue.path.map(String), ...path], message };
    }
  }
  return { path: issue.path.map(String), message: issue.message };
}
