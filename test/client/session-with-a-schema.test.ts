import type { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { SchemaError, ValueError } from '../../src/errors.js';
import type { SessionSchema } from '../../src/protocol/schema.js';
import { Session } from '../../src/session/session.js';
import type { SessionStreams } from '../../src/session/streams/session-streams.js';
import { fakeClient } from '../support/peers/fake-client.js';
import type { Answer } from '../support/peers/fake-transport.js';
import { memoryServer } from '../support/peers/memory-server.js';
import { settled } from '../support/settled.js';

const streams = { tkn: 7n } as SessionStreams; // its streams are not subscribed to here

/** Session 7, and what it sends. */
function session(schema?: SessionSchema, answer: Answer = memoryServer().answer) {
  const { client, transport } = fakeClient(answer);
  return { commands: new Session(streams, client, schema), sent: () => transport.sent.map(({ text }) => text) };
}

const cart = z.object({
  items: z.array(z.string()),
  since: z.string().transform((text) => new Date(text)),
  note: z.string(),
});

describe('a session with a schema', () => {
  it('sends what is set as it is given, and gives back what the schema makes of it', async () => {
    const { commands, sent } = session(cart);
    expect(await settled(commands.set({ items: ['a'], since: '2020-01-01' }))).toEqual({ values: [undefined] });
    expect(sent()).toEqual(['{"SH_SET":{"tkn":7,"keys":{"items":["a"],"since":"2020-01-01"}}}']);
    expect(await settled(commands.get({ key: 'since' }))).toEqual({ values: [new Date('2020-01-01')] });
    expect(await settled(commands.get({ keys: ['since', 'items', 'note'] }))).toEqual({
      values: [{ since: new Date('2020-01-01'), items: ['a'] }],
    });
  });

  it.each(['set', 'add', 'clear_set'] as const)(
    'refuses to %s a value that does not match, before it is sent',
    async (name) => {
      const { commands, sent } = session(cart);
      const { error } = await settled(commands[name]({ note: 'x', items: ['a', 5] }) as Observable<unknown>);
      expect(error).toBeInstanceOf(SchemaError);
      expect(error).toMatchObject({ direction: 'in', key: 'items', path: [1] });
      expect((error as Error).message).toContain('Nothing was sent');
      expect(sent()).toEqual([]);
    },
  );

  it.each([undefined, null])('refuses to get %s, as a session without a schema does', async (query) => {
    const { commands, sent } = session({ a: z.string() });
    // as a program without types calls it
    const { error } = await settled(commands.get(query as unknown as { key: 'a' }));
    expect(error).toBeInstanceOf(ValueError);
    expect((error as Error).message).toContain('must name the keys');
    expect(sent()).toEqual([]);
  });

  it('names the key that its schema does not have, among several', async () => {
    const { commands } = session({ a: z.string() });
    const { error } = await settled(commands.get({ keys: ['a', 'nobody'] as unknown as 'a'[] })); // as above
    expect(error).toBeInstanceOf(ValueError);
    expect((error as Error).message).toContain('"nobody"');
  });

  it('refuses a key that its schema does not have, to set and to get', async () => {
    const { commands, sent } = session({ a: z.string() });
    for (const command of [
      commands.set({ b: 1 }),
      commands.get({ key: 'b' }),
      commands.get({ keys: ['a', 'toString'] }),
    ]) {
      expect((await settled(command as Observable<unknown>)).error).toBeInstanceOf(ValueError);
    }
    expect(sent()).toEqual([]);
  });

  it('tells what is in the server and does not match', async () => {
    const { commands } = session(cart, () => ({ st: 1, keys: { items: 'none' } }));
    const { error } = await settled(commands.get({ key: 'items' }));
    expect(error).toMatchObject({ direction: 'out', key: 'items', path: [] });
  });

  it('takes the schema of a single get over its own', async () => {
    const { commands } = session({ n: z.string() });
    await settled(commands.set({ n: '5' }));
    expect(await settled(commands.get({ key: 'n', schema: z.coerce.number() }))).toEqual({ values: [5] });
  });

  it('has the other commands bound to its token', async () => {
    const { commands, sent } = session(cart);
    const all = [
      commands.rmv(['a']),
      commands.contains({ key: 'a' }),
      commands.count(),
      commands.keys(),
      commands.clear(),
      commands.end(),
      commands.info(),
    ];
    for (const command of all) await settled(command as Observable<unknown>);
    expect(sent().map((text) => text.slice(2, text.indexOf('"', 2)))).toEqual([
      'SH_RMV',
      'SH_CONTAINS',
      'SH_COUNT',
      'SH_KEYS',
      'SH_CLEAR',
      'SH_END',
      'SH_INFO',
    ]);
    expect(sent().every((text) => text.includes('"tkn":7'))).toBe(true);
  });

  it('has wrong arguments end in a ValueError as everywhere', async () => {
    const { commands } = session(cart);
    const untyped = commands as unknown as Record<string, (...args: unknown[]) => Observable<unknown>>;
    for (const [name, args] of [
      ['set', [null]],
      ['get', [{ key: 1 }]],
      ['get', [{}]],
      ['rmv', [[]]],
    ] as const) {
      expect((await settled(untyped[name]?.(...args) as Observable<unknown>)).error).toBeInstanceOf(ValueError);
    }
  });
});
