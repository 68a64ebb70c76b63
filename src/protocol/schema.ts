import { SchemaError, ValueError } from '../errors.js';

/**
 * What zod, valibot, arktype and others have in common (standardschema.dev): a validator with inferred types. It is written
 * out here, so that the types of a program never depend on a package of ours.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The result of a schema: a value, or issues. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong with a value, and where. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The type of a value that a schema takes: what is stored. */
export type SchemaInput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['input'];

/** The type of a value that a schema returns: what comes back. */
export type SchemaOutput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['output'];

/** One schema for each key. */
export interface KeySchemas {
  readonly [key: string]: StandardSchema;
}

/**
 * The schema of a whole session. Either a plain object with one schema for each key, of any library:
 * `{ cart: z.array(z.string()), user: type({ name: 'string' }) }`; or an object schema whose members are visible, such as
 * `z.object({ … })` (`shape`) or valibot's `v.object({ … })` (`entries`).
 *
 * A session is written and read key by key. Each value is checked against the schema of its key, and an absent key is no
 * issue. Rules about several keys at once (`refine`, `catchall`) are not applied.
 */
export type SessionSchema =
  | KeySchemas
  | (StandardSchema & { readonly shape: KeySchemas })
  | (StandardSchema & { readonly entries: KeySchemas });

/** The schema of each key. */
type SchemasOf<Schema extends SessionSchema> = Schema extends StandardSchema & { readonly shape: infer Shape }
  ? Shape
  : Schema extends StandardSchema & { readonly entries: infer Entries }
    ? Entries
    : Schema;

/** The values of a session's keys, as they come back. */
export type SessionOutput<Schema extends SessionSchema> = {
  -readonly [Key in keyof SchemasOf<Schema>]: SchemasOf<Schema>[Key] extends StandardSchema
    ? SchemaOutput<SchemasOf<Schema>[Key]>
    : never;
};

/** The values of a session's keys, as they are set. */
export type SessionInput<Schema extends SessionSchema> = {
  -readonly [Key in keyof SchemasOf<Schema>]: SchemasOf<Schema>[Key] extends StandardSchema
    ? SchemaInput<SchemasOf<Schema>[Key]>
    : never;
};

/** Whether this is a schema of any library that implements Standard Schema. */
export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = '~standard' in value ? value['~standard'] : undefined;
  return typeof standard === 'object' && standard !== null && 'validate' in standard;
}

/** Schemas are constants of a program and used with each get, so that their members are looked up once. */
const schemasByObject = new WeakMap<object, ReadonlyMap<string, StandardSchema>>();

/** The schema of each key; `undefined` if this is no schema of a session. A `Map`, as any string can be a key. */
export function keySchemas(schema: unknown): ReadonlyMap<string, StandardSchema> | undefined {
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) return undefined;
  const schemas = schemasByObject.get(schema) ?? findKeySchemas(schema);
  if (schemas !== undefined) schemasByObject.set(schema, schemas);
  return schemas;
}

function findKeySchemas(schema: object): ReadonlyMap<string, StandardSchema> | undefined {
  let members = schema;
  if ('~standard' in schema) {
    const shape: unknown = 'shape' in schema ? schema.shape : 'entries' in schema ? schema.entries : undefined;
    if (typeof shape !== 'object' || shape === null) return undefined;
    members = shape;
  }
  const schemas = new Map<string, StandardSchema>();
  for (const [key, member] of Object.entries(members)) {
    if (!isSchema(member)) return undefined;
    schemas.set(key, member);
  }
  return schemas;
}

/** Checks one value and returns what the schema makes of it. Throws a `SchemaError`. */
export function checkValue(
  schema: StandardSchema,
  value: unknown,
  at: { readonly command: string; readonly direction: 'in' | 'out'; readonly key: string },
): unknown {
  const result = validate(schema, value);
  if (result.issues === undefined) return result.value;
  throw new SchemaError(at.command, at.direction, at.key, pathOf(result.issues[0]));
}

/** Checks the value of each key against its own schema and returns what the schemas make of them. Throws a `SchemaError`. */
export function checkKeys(
  schemas: ReadonlyMap<string, StandardSchema>,
  keys: Readonly<Record<string, unknown>>,
  at: { readonly command: string; readonly direction: 'in' | 'out' },
): Record<string, unknown> {
  if (typeof keys !== 'object' || keys === null) {
    throw new ValueError(`${at.command}: keys must be an object of keys and their values. Nothing was sent.`, 'keys');
  }
  const checked: [string, unknown][] = [];
  for (const [key, value] of Object.entries(keys)) {
    if (value !== undefined) checked.push([key, checkValue(schemaOf(schemas, key), value, { ...at, key })]);
  }
  return Object.fromEntries(checked); // not by assignment: `__proto__` is a key like any other
}

/** The schema of a key. Throws a `ValueError` if the session's schema does not have the key. */
export function schemaOf(schemas: ReadonlyMap<string, StandardSchema>, key: string): StandardSchema {
  const schema = schemas.get(key);
  if (schema === undefined) {
    throw new ValueError(`The session's schema has no key ${JSON.stringify(key)}. Nothing was sent.`, 'schema');
  }
  return schema;
}

function validate(schema: StandardSchema, value: unknown): SchemaResult<unknown> {
  let result: SchemaResult<unknown> | Promise<SchemaResult<unknown>>;
  try {
    result = schema['~standard'].validate(value);
  } catch (cause) {
    throw new ValueError('The schema threw an error while it checked a value; see `cause`.', 'schema', { cause });
  }
  if (!(result instanceof Promise)) return result;
  result.catch(() => {}); // it must not end the program as an unhandled rejection
  throw new ValueError(
    'The schema returned a promise. Use one that checks synchronously, without async refinements or transforms.',
    'schema',
  );
}

function pathOf(issue: SchemaIssue | undefined): (string | number)[] {
  return (issue?.path ?? []).map((part) => {
    const key = typeof part === 'object' ? part.key : part;
    return typeof key === 'number' ? key : String(key);
  });
}
