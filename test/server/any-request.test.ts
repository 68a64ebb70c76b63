import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../src/server/commands/context.js';
import { Dispatcher } from '../../src/server/commands/dispatcher.js';
import { consoleLog, MemoryStore, type Store } from '../../src/server/index.js';
import { readExactly, readQuickly } from '../../src/server/json/read.js';
import { valueText } from '../../src/server/json/value-text.js';
import { EventRouter } from '../../src/server/watch/event-router.js';

const failures: string[] = [];
const log = consoleLog('error', (line) => failures.push(line));

const limits = { maxValueSize: 2 ** 20, maxReply: 2 ** 26 };

function dispatcher(): Dispatcher {
  return new Dispatcher(contextOf(new MemoryStore()), log);
}

const contextOf = (store: Store): Context => ({
  store,
  datasets: undefined,
  limits,
  router: new EventRouter(store.events),
  watchAll: false,
  info: () => '',
});

const suffixes = [
  'SET',
  'GET',
  'ADD',
  'RMV',
  'COUNT',
  'CONTAINS',
  'KEYS',
  'CLEAR',
  'CLEAR_SET',
  'NEW',
  'END',
  'END_ALL',
  'EXISTS',
];
const others = ['INFO', 'INFO_ALL', 'SAVE', 'LOAD', 'FIND', 'UPDATE', 'ARR_APPEND', 'x', ''];

const command = fc
  .tuple(fc.constantFrom('SH', 'KV', 'SV', 'X', ''), fc.constantFrom(...suffixes, ...others), fc.constantFrom('_', ''))
  .map(([family, suffix, underscore]) => family + underscore + suffix);

const member = fc.oneof(
  fc.constantFrom(
    'tkn',
    'tkns',
    'keys',
    'key',
    'path',
    'rsp',
    'value',
    'items',
    'name',
    'expiry',
    'duration',
    '__proto__',
  ),
  fc.string(),
);

const spelledValue = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      '1',
      '0',
      '-0',
      '1.0',
      '1e400',
      '18446744073709551615',
      '18446744073709551616',
      'null',
      'true',
      '""',
    ),
    fc.constantFrom(
      '"$.a"',
      '"$..*"',
      '"$["',
      '"keys"',
      '"kv"',
      '"\\ud800"',
      '{}',
      '[]',
      '/*c*/1',
      '"a":',
      '"__proto__"',
    ),
    fc.double({ noNaN: true }).map(String),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map((integer) => String(integer >> BigInt(Number(integer & 63n)))),
    fc
      .tuple(fc.integer(), fc.string({ unit: fc.constantFrom('0', '5'), maxLength: 18 }))
      .map((parts) => parts.join('.')),
    fc.string().map((text) => JSON.stringify(text)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    fc.array(fc.tuple(member, tie('value')), { maxLength: 4 }).map(spellObject),
  ),
})).value;

function spellObject(members: readonly (readonly [string, string])[]): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

const spelledCommand = fc
  .tuple(command, fc.array(fc.tuple(member, spelledValue), { maxLength: 4 }))
  .map(([name, members]) => `{${JSON.stringify(name)}:${spellObject(members)}}`);

/** A text with a few characters changed, taken out or put in. */
const damaged = (text: fc.Arbitrary<string>) =>
  fc
    .tuple(text, fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.string({ maxLength: 2 })), { maxLength: 3 }))
    .map(([whole, changes]) =>
      changes.reduce((changed, [where, length, put]) => {
        const at = changed.length === 0 ? 0 : where % changed.length;
        return changed.slice(0, at) + put + changed.slice(at + length);
      }, whole),
    );

const mutated = damaged(spelledCommand);

const anyText = fc.oneof(fc.string({ unit: 'binary' }), spelledCommand, mutated);

describe('whatever arrives', () => {
  test('it gets one reply, JSON with one member that holds a status, and nothing fails inside', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyText, { maxLength: 8 }), async (texts) => {
        const server = dispatcher();
        for (const text of texts) {
          const reply = await server.answer(text);
          if (typeof reply !== 'string') throw new Error('a long reply');
          const bodies = Object.values(JSON.parse(reply) as Record<string, { st?: unknown }>); // or it throws
          expect(bodies).toHaveLength(1);
          expect(bodies[0]?.st).toBeTypeOf('number');
        }
      }),
      { numRuns: 3000 },
    );
    expect(failures).toEqual([]);
  });

  test('it does not change what objects inherit', () => {
    const server = dispatcher();
    server.answer('{"KV_SET":{"keys":{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1}}}}}');
    server.answer('{"KV_UPDATE":{"key":"a","path":"$","value":{"__proto__":{"polluted":1}}}}');
    server.answer(`{"KV_UPDATE":{"key":"a","path":"$['__proto__']","value":{"polluted":2}}}`);
    expect('polluted' in {}).toBe(false);
    expect(server.answer('{"KV_GET":{"keys":["__proto__","a"]}}')).toBe(
      '{"KV_GET_RSP":{"keys":{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":2}}},"st":1}}',
    );
  });
});

/** What is kept of keys, and each reply on the way. */
function outcome(requests: readonly string[]) {
  const store = new MemoryStore();
  store.start('17', undefined, []);
  const server = new Dispatcher(contextOf(store), log);
  const replies = requests.map((request) => server.answer(request));
  const topLevel = [...store.topLevelKeys()].flat().map((key) => [key, store.get(undefined, [key])]);
  const ofSession = store.keys('17')?.map((key) => [key, store.get('17', [key])]);
  return { replies, topLevel, ofSession, memory: store.memoryUsed };
}

describe('the quick reader of requests', () => {
  const keys = fc.oneof(
    fc.array(fc.tuple(member, spelledValue), { maxLength: 4 }).map(spellObject),
    fc
      .array(
        member.map((name) => JSON.stringify(name)),
        { maxLength: 3 },
      )
      .map((names) => `[${names.join(',')}]`),
    spelledValue,
  );
  const request = fc
    .tuple(fc.constantFrom('SET', 'ADD', 'CLEAR_SET', 'GET', 'RMV', 'CONTAINS', 'INFO'), fc.boolean(), keys)
    .map(([suffix, inSession, value]) =>
      inSession ? `{"SH_${suffix}":{"tkn":17,"keys":${value}}}` : `{"KV_${suffix}":{"keys":${value}}}`,
    );

  test('leads to the same replies as the exact one', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(request, damaged(request)), { maxLength: 4 }), (requests) => {
        // A blank before a request means nothing, but none but the exact way takes it.
        expect(outcome(requests)).toEqual(outcome(requests.map((text) => ` ${text}`)));
      }),
      { numRuns: 5000 },
    );
  });

  const inReverse = Array.from({ length: 100 }, (_, index) => `"${999 - index}":${index}`);

  test.each([
    ['two members of one name', '{"b":1,"a":2,"b":3}'],
    ['members out of order', '{"c":1,"b":[],"d":3,"a":{"z":1,"y":2,"x":3}}'],
    ['many members in reverse', `{${inReverse.join(',')}}`],
    ['a raw line break', '"a\nb"'],
    ['a raw control character', '"a\u001fb"'],
    ['what is not ASCII', '{"é":"\u007f","z":"ü","\u{1f600}":1,"\uffee":2}'],
    ['half a surrogate pair', '"\\ud83d"'],
    ['an integer past 64 bits that a double holds', '18446744073709552000'],
    ['deep nesting', `${'['.repeat(1000)}1${']'.repeat(1000)}`],
    ['deep nesting of objects', `${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`],
    ['nesting that is too deep', `${'['.repeat(1100)}1${']'.repeat(1100)}`],
    ['nesting of objects that is too deep', `${'{"a":'.repeat(1100)}1${'}'.repeat(1100)}`],
    ['nesting that no stack holds', '['.repeat(1_000_000)],
    ['the integer after all safe ones', '9007199254740992'],
    ['a fraction without a whole', '.50'],
    ['a difference', '1-1'],
    ['nearly true', 'trux'],
    ['an array that a brace closes', '[1}'],
    ['an object that a bracket closes', '{"b":1]'],
    ['a member without a colon', '{"b"1}'],
    ['an array that goes on', '[1'],
    ['an object that goes on', '{"a":1'],
    ['two values', '1 2'],
  ])('takes %s for what it is', (_, value) => {
    for (const keys of [`{"k":${value}}`, `{"l":1,"k":[${value}]}`, value]) {
      const requests = ['KV_SET', 'KV_GET', 'KV_CONTAINS'].map((command) => `{"${command}":{"keys":${keys}}}`);
      expect(outcome(requests)).toEqual(outcome(requests.map((text) => ` ${text}`)));
    }
  });

  test.each([
    ...['[{}', '[{"a":1}', '["a"}', '["a",]', '["a"', '["a"]]', '["a\nb"]', '["a""b"]'],
    ...['{"a":1]', '{"a":1,}', '{"a"}', '{"a":1}}', '{"a":1}{"b":1}', '{"a"::1}', '{"a":1"b":1}', '1', ''],
  ])('takes no %s for keys', (keys) => {
    const requests = ['KV_GET', 'KV_SET', 'KV_CONTAINS'].map((command) => `{"${command}":{"keys":${keys}}}`);
    expect(outcome(requests)).toEqual(outcome(requests.map((text) => ` ${text}`)));
  });

  test('reads a command whose name is escaped', () => {
    const requests = [
      '{"KV_\\u0053ET":{"keys":{"a":1}}}',
      '{"KV_GET":{"keys":["a"]}}',
      '{"SH_\\u0053ET":{"tkn":17,"keys":{"a":1}}}',
      '{"SH_GET":{"tkn":17,"keys":["a"]}}',
    ];
    expect(outcome(requests)).toEqual(outcome(requests.map((text) => ` ${text}`)));
  });

  test.each([
    '{"SH_GET":{"tkn":17}"keys":["a"]}}',
    '{"SH_SET":{"tkn":17}"keys":{"a":1}}}',
    '{"KV_SET":{,"keys":{"a":1}}}',
    '{"KV_SET":{"keys":{"a":1}',
    '{"KV_SET":{"keys":{"a":1}}',
    '{"KV_SET":{"keys":{"a":1}]]',
    '{"KV_SET":{"keys":{"a":1}}}}',
    '{"KV_SET":{"keys":{"a":1}}} 1',
  ])('takes no %s for a request', (request) => {
    expect(outcome([request]).replies).toEqual(['{"ERR":{"m":"","st":3}}']);
  });
});

describe('the quick reader of JSON', () => {
  test('gives what the exact one gives, or leaves the text to it', () => {
    fc.assert(
      fc.property(fc.oneof(spelledValue, mutated), (text) => {
        const quick = readQuickly(text);
        if (quick === undefined) return;
        expect(valueText(quick)).toBe(valueText(readExactly(text)));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['{"a":1,"a":2}', '{"a":1}'],
    ['{"a":1,"b":"\\":"}', '{"a":1,"b":"\\":"}'],
    ['{"a" :1,"a":2}', '{"a":1}'],
    ['[12345678901234567890123]', '["12345678901234567890123"]'],
    ['[1e20,1e400,-1e400]', '[1e+20,null,null]'],
    ['[5.0,1e400,1e20,9007199254740993]', '[5.0,null,1e+20,9007199254740993]'],
    ['{"price":1.0,"in":[ 2.00,-3.0, 4e0,5.0E2,6.05,-0.0]}', '{"in":[2.0,-3.0,4.0,500.0,6.05,-0.0],"price":1.0}'],
    ['"1.0"', '"1.0"'],
    ['5e3', '5000.0'],
    ['[4.5E1]', '[45.0]'],
    ['67108864.000000005', '67108864.0'],
    ['999999999999999.95', '1000000000000000.0'],
    ['16.9999999999999999', '17.0'],
    ['0.99999999999999999', '1.0'],
    ['// c\n{"a"/**/:/* " */1}', '{"a":1}'],
    ['["//no","/*no*/"]', '["//no","/*no*/"]'],
    ['{"b":1,"10":1,"2":1,"B":1}', '{"10":1,"2":1,"B":1,"b":1}'],
  ])('%s is kept as %s', (text, kept) => {
    expect(valueText(readQuickly(text) ?? readExactly(text))).toBe(kept);
  });

  test.each([
    '{"id":"1b9d6bcd-bbfd-4b2d-9b5d-5e3b8dfbbd4b"}',
    '{"hash":"7e57d004e0b1","of":"v1.0"}',
    '[0.5,10.25,-7.125,100]',
  ])('reads %s, which holds no such number', (text) => {
    expect(readQuickly(text)).toEqual(JSON.parse(text));
  });

  test.each(['/', '/*', '{"a":1}/*', '"/*', '{"a":/1}', '["\\udc00"]', '{"\\ud800\\u0041":1}', '[1,]', '\u00a01'])(
    '%j is refused',
    (text) => {
      expect(readQuickly(text)).toBeUndefined();
      expect(() => readExactly(text)).toThrow(SyntaxError);
    },
  );
});
