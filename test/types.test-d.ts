import type { Observable } from 'rxjs';
import { describe, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import type {
  JsonInput,
  JsonObject,
  JsonValue,
  NdbClient,
  Session,
  SessionEvent,
  SessionInfo,
  SessionOutput,
  StandardSchema,
  TokenInput,
} from '../src/index.js';

declare const client: NdbClient;
declare const tkn: bigint;

const user = z.object({ name: z.string(), age: z.number() });
const date = z.string().transform((text) => new Date(text));

describe('the methods of the client', () => {
  it('emit what their command answers', () => {
    expectTypeOf(client.sh_set(tkn, { a: 1, b: [1n, null] })).toEqualTypeOf<Observable<void>>();
    expectTypeOf(client.sh_count('12')).toEqualTypeOf<Observable<number>>();
    expectTypeOf(client.sh_contains(tkn, { key: 'a' })).toEqualTypeOf<Observable<string[]>>();
    expectTypeOf(client.sh_session_exists([tkn, '1'])).toEqualTypeOf<Observable<bigint[]>>();
    expectTypeOf(client.sh_info(tkn)).toEqualTypeOf<Observable<SessionInfo>>();
    expectTypeOf(client.sh_end_all({ timeout: 100 })).toEqualTypeOf<Observable<number>>();
    expectTypeOf(client.sh_load('x')).toEqualTypeOf<Observable<{ name: string; sessions: number; keys: number }>>();
    expectTypeOf(client.kv_save({ name: 'x' })).toEqualTypeOf<Observable<{ name: string; duration: number }>>();
    expectTypeOf(client.sv_info()).toExtend<Observable<{ serverVersion: string; persistEnabled: boolean }>>();
  });

  it('take the named arguments of their command, and options last', () => {
    expectTypeOf(client.sh_count).parameters.toExtend<[tkn: TokenInput, options?: { timeout?: number | undefined }]>();
    expectTypeOf(client.kv_count).parameter(0).toExtend<{ timeout?: number | undefined } | undefined>();
    // @ts-expect-error a token that is a number may be rounded already
    client.sh_count(12);
    // @ts-expect-error a Date is no JSON
    client.sh_set(tkn, { at: new Date() });
    // @ts-expect-error key or keys, not both
    client.sh_get(tkn, { key: 'a', keys: ['b'] } as const satisfies { key: string; keys: readonly string[] }, {
      timout: 1,
    });
    // @ts-expect-error an unknown option
    client.sh_count(tkn, { timout: 1 });
    // @ts-expect-error kv commands have no token
    client.kv_set(tkn, { a: 1 });
  });

  it('take values whose type is an interface, and refuse what JSON has no form for', () => {
    interface Item {
      readonly name: string;
      readonly price?: number;
    }
    interface Cart {
      items: Item[];
      total: bigint;
      note?: string | undefined;
    }
    interface Dated {
      at: Date;
    }
    interface Keys {
      cart: Cart;
    }
    const anySession = {} as Session;
    const [cart, dated, keys] = [{}, {}, {}] as [Cart, Dated, Keys];
    client.kv_set({ cart, carts: [cart], nested: { cart }, plain: 1 });
    client.kv_set(keys);
    interface Optional {
      readonly page?: number;
    }
    client.kv_set({ optional: {} as Optional, empty: {}, none: undefined });
    client.sh_add(tkn, { cart }, { timeout: 100 });
    expectTypeOf(client.sh_clear_set(tkn, { cart })).toEqualTypeOf<Observable<number>>();
    expectTypeOf(client.kv_update({ key: 'a', path: '$', value: cart })).toEqualTypeOf<Observable<number>>();
    expectTypeOf(client.kv_arr_append({ key: 'a', items: [cart, 1, [cart]] })).toEqualTypeOf<Observable<void>>();
    expectTypeOf(anySession.set({ cart })).toEqualTypeOf<Observable<void>>();
    // @ts-expect-error a Date in it
    client.kv_set({ dated });
    // @ts-expect-error the same, deeper
    client.sh_set(tkn, { all: [{ dated }] });
    // @ts-expect-error a function
    client.kv_set({ cart, run: () => 1 });
    // @ts-expect-error a Map
    anySession.set({ map: new Map([['a', 1]]) });
    // @ts-expect-error nobody knows what it is
    client.kv_set({ what: {} as unknown });
    // @ts-expect-error a symbol
    client.kv_update({ key: 'a', path: '$', value: Symbol('s') });
    // @ts-expect-error a Date
    client.kv_arr_append({ key: 'a', items: [new Date()] });
    // @ts-expect-error undefined is no item of an array
    client.kv_set({ cart, list: [1, undefined] });
    // @ts-expect-error nor a value by itself
    client.kv_update({ key: 'a', path: '$', value: undefined });
    // @ts-expect-error nobody knows what it is
    client.kv_set({ cart, what: {} as object });
    // @ts-expect-error nor what these keys are
    client.kv_set({} as object);
    // @ts-expect-error a class
    client.kv_set({ cart, what: Error });
    // @ts-expect-error no keys
    client.kv_set(5);
    // @ts-expect-error an array is no object of keys
    client.kv_set([cart]);
  });

  it('can be called by generic code', () => {
    const save = <Value extends JsonInput>(value: Value) => client.kv_set({ value });
    const saveAll = <Values extends Record<string, JsonInput>>(values: Values) => client.sh_set(tkn, values);
    expectTypeOf(save).returns.toEqualTypeOf<Observable<void>>();
    expectTypeOf(saveAll).returns.toEqualTypeOf<Observable<void>>();
  });

  it('emit a value for key, and an object for keys', () => {
    expectTypeOf(client.sh_get(tkn, { key: 'a' })).toEqualTypeOf<Observable<JsonValue | undefined>>();
    expectTypeOf(client.sh_get(tkn, { keys: ['a'] })).toEqualTypeOf<Observable<JsonObject>>();
    expectTypeOf(client.kv_get({ key: 'a' })).toEqualTypeOf<Observable<JsonValue | undefined>>();
    expectTypeOf(client.kv_get({ keys: ['a'] }, { retry: 'none' })).toEqualTypeOf<Observable<JsonObject>>();
  });

  it('infer the result from a schema', () => {
    expectTypeOf(client.sh_get(tkn, { key: 'u', schema: user })).toEqualTypeOf<
      Observable<{ name: string; age: number } | undefined>
    >();
    expectTypeOf(client.kv_get({ key: 'at', schema: date })).toEqualTypeOf<Observable<Date | undefined>>();
    expectTypeOf(client.sh_get(tkn, { keys: ['u'], schema: z.object({ u: user, at: date }) })).toEqualTypeOf<
      Observable<{ u?: { name: string; age: number }; at?: Date }>
    >();
    expectTypeOf(client.kv_get({ keys: ['u'], schema: { u: user } })).toEqualTypeOf<
      Observable<{ u?: { name: string; age: number } }>
    >();
    // @ts-expect-error no schema
    client.sh_get(tkn, { key: 'u', schema: 1 });
    // @ts-expect-error the schema of one value can't be that of several keys
    client.sh_get(tkn, { keys: ['u'], schema: z.string() });
  });

  it('emit what rsp of a find selects', () => {
    expectTypeOf(client.kv_find({ path: '$', rsp: 'keys' })).toEqualTypeOf<Observable<string[]>>();
    expectTypeOf(client.kv_find({ path: '$', rsp: 'paths' })).toEqualTypeOf<Observable<string[]>>();
    expectTypeOf(client.kv_find({ path: '$', rsp: 'kv' })).toEqualTypeOf<Observable<JsonObject>>();
  });

  it('have aliases without sh_', () => {
    expectTypeOf(client.set).toEqualTypeOf<NdbClient['sh_set']>();
    expectTypeOf(client.get(tkn, { key: 'u', schema: user })).toEqualTypeOf<
      Observable<{ name: string; age: number } | undefined>
    >();
    expectTypeOf<NdbClient>().not.toHaveProperty('kv');
  });
});

describe('a session', () => {
  it('has values of any type without a schema', () => {
    expectTypeOf(client.sh_create_session()).toEqualTypeOf<Observable<Session>>();
    expectTypeOf(client.session('1', { timeout: 1 })).toEqualTypeOf<Observable<Session>>();
    expectTypeOf<Session['tkn']>().toEqualTypeOf<bigint>();
    client.sh_create_session().subscribe((session) => {
      expectTypeOf(session.set({ a: 1n })).toEqualTypeOf<Observable<void>>();
      expectTypeOf(session.get({ key: 'a' })).toEqualTypeOf<Observable<JsonValue | undefined>>();
      expectTypeOf(session.get({ keys: ['a'] })).toEqualTypeOf<Observable<JsonObject>>();
      expectTypeOf(session.get({ key: 'u', schema: user })).toEqualTypeOf<
        Observable<{ name: string; age: number } | undefined>
      >();
    });
  });

  it('has the types of its schema: the input of set, the output of get', () => {
    const schema = z.object({ user, at: date });
    client.sh_create_session({ durationSeconds: 1, schema }).subscribe((session) => {
      expectTypeOf(session.get({ key: 'at' })).toEqualTypeOf<Observable<Date | undefined>>();
      expectTypeOf(session.get({ keys: ['user'] })).toEqualTypeOf<
        Observable<{ user?: { name: string; age: number } }>
      >();
      expectTypeOf(session.set({ at: '2020-01-01' })).toEqualTypeOf<Observable<void>>();
      // @ts-expect-error stored as a string
      session.set({ at: new Date() });
      // @ts-expect-error no such key
      session.set({ nobody: 1 });
      // @ts-expect-error no such key
      session.get({ key: 'nobody' });
    });
    expectTypeOf(client.session(1n, { schema: { at: date } })).toEqualTypeOf<
      Observable<Session<{ at: Date }, { at: string }>>
    >();
    // @ts-expect-error a schema whose members are not visible
    client.sh_create_session({ schema: z.string() });
  });

  it('emits its events as one union', () => {
    expectTypeOf(client.sessionEvents$).toEqualTypeOf<Observable<SessionEvent>>();
  });
});

describe('a schema of a session', () => {
  it('has the type of each key, from a plain object, zod or valibot', () => {
    expectTypeOf<SessionOutput<{ a: typeof date }>>().toEqualTypeOf<{ a: Date }>();
    const object = z.object({ a: z.string(), b: z.number() });
    expectTypeOf<SessionOutput<typeof object>>().toEqualTypeOf<{ a: string; b: number }>();
    type Valibot = StandardSchema & { readonly entries: { readonly a: StandardSchema<string, number> } };
    expectTypeOf<SessionOutput<Valibot>>().toEqualTypeOf<{ a: number }>();
  });
});
