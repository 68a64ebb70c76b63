import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/errors.js';
import { parseFrame } from '../../src/protocol/frame.js';
import { type JsonObject, type JsonValue, parseJson } from '../../src/protocol/json.js';

function refusal(text: string): string {
  try {
    parseFrame(text);
  } catch (error) {
    if (error instanceof ProtocolError) return error.message;
  }
  return 'none';
}

describe('a reply', () => {
  it('is an object under its name', () => {
    expect(parseFrame('{"SH_GET_RSP":{"st":1,"keys":{}}}')).toEqual({
      name: 'SH_GET_RSP',
      body: { st: 1, keys: {} },
      length: 33,
    });
  });

  it('may have the id of its request beside it', () => {
    const frame = parseFrame('{"SH_NEW_RSP":{"st":1,"tkn":18446744073709551615},"id":"1f"}');
    expect(frame).toMatchObject({ name: 'SH_NEW_RSP', body: { st: 1, tkn: 18446744073709551615n }, id: '1f' });
  });

  it.each(['{"id":"1f"}', '{"a":1,"id":"1f"}', '{"a":{},"id":1}', '{"id":"1f","a":{}}', '{"a":{},"b":{},"id":"1f"}'])(
    'is not JSON of another shape with an id, such as %s',
    (text) => {
      expect(refusal(text)).toContain('has a shape that no NemesisDB sends');
    },
  );

  it('keeps its tokens exact', () => {
    expect(parseFrame('{"SH_NEW_RSP":{"tkn":18446744073709551615}}').body.tkn).toBe(18446744073709551615n);
  });

  it.each(['', 'hello', '{"a":', '{"a":{}} x'])('is not text such as %j', (text) => {
    expect(refusal(text)).toContain('is not JSON');
  });

  it.each(['null', '1', '"a"', '[]', '{}', '[{"a":{}}]', '{"a":1}', '{"a":null}', '{"a":[]}', '{"a":1,"b":{}}'])(
    'is not JSON of another shape, such as %s',
    (text) => {
      expect(refusal(text)).toContain('has a shape that no NemesisDB sends');
    },
  );

  it.each(['{"a":{},"b":{}}', '{"a":{},"b":1}', '{"a":{"n":12345678901234567},"b":{}}'])(
    'is not one of several, such as %s: nobody is answered with the first of them',
    (text) => {
      expect(refusal(text)).toContain('has a shape that no NemesisDB sends');
    },
  );

  it('is read as ever where somebody put a member on all objects', () => {
    Object.defineProperty(Object.prototype, 'polluted', { value: 1, enumerable: true, configurable: true });
    const refused = refusal('{"SH_GET_RSP":{"st":1}}');
    Reflect.deleteProperty(Object.prototype, 'polluted');
    expect(refused).toBe('none');
  });

  it('that is nested too deeply is an error, not a crash', () => {
    const depth = 1_000_000;
    expect(refusal(`{"a":{"b":12345678901234567,"c":${'['.repeat(depth)}${']'.repeat(depth)}}}`)).toContain(
      'nested too deeply',
    );
  });

  it('never shows in the error: it may hold values', () => {
    expect(refusal('secret')).not.toContain('secret');
  });

  it('that ends with a token, an id or both is what its JSON says, and refused if it is none', () => {
    const isObject = (value: JsonValue | undefined): value is JsonObject =>
      typeof value === 'object' && value !== null && !Array.isArray(value);
    /** What a frame is, read by JSON alone. */
    const expected = (text: string) => {
      try {
        const value = parseJson(text);
        const [member, second, ...others] = isObject(value) ? Object.entries(value) : [];
        const id = second?.[0] === 'id' && /},"id":"[0-9a-z]+"}$/.test(text) ? second[1] : undefined;
        return member !== undefined &&
          others.length === 0 &&
          (second === undefined || id !== undefined) &&
          isObject(member[1])
          ? { name: member[0], body: member[1], id, length: text.length }
          : 'refused';
      } catch {
        return 'refused';
      }
    };
    const read = (text: string) => {
      try {
        return parseFrame(text);
      } catch {
        return 'refused';
      }
    };
    // Pieces of replies in any order: mostly no JSON, and now and then just so.
    const pieces = [
      '{"SH_INFO_RSP":{',
      '{"a":',
      '{',
      '}',
      '[',
      ']',
      ' ',
      ',',
      ':',
      '"',
      '\\',
      '"st":1',
      '"b":"x"',
      '"c":-0.5',
      'null',
      '"tkn":5',
      ',"tkn":',
      '12345678901234567',
      '18446744073709551615',
      '0',
      '-',
    ];
    const ends = [
      ',"tkn":5}}',
      ',"tkn":9007199254740991}}',
      ',"tkn":9007199254740993}}',
      ',"tkn":12345678901234567}}',
      ',"tkn":18446744073709551615}}',
      ',"tkn":01234567890123456789}}',
      '}}',
      '},"id":"1f"}',
      '},"id":"1F"}',
      '},"id":""}',
      '} ,"id":"1f"}',
      ',"id":"1f"}',
      ',"tkn":18446744073709551615},"id":"zz0"}',
      ',"tkn":5},"id":"z"}',
    ];
    const texts = fc
      .tuple(
        fc.constantFrom('{"SH_INFO_RSP":{', '{"a":{"b":', ''),
        fc.array(fc.constantFrom(...pieces), { maxLength: 6 }),
        fc.constantFrom(...ends),
      )
      .map(([begin, middle, end]) => begin + middle.join('') + end);
    fc.assert(
      fc.property(texts, (text) => {
        expect(read(text)).toEqual(expected(text));
      }),
      { numRuns: 20_000, examples: [['{"a":{,"tkn":12345678901234567}}'], ['{"a":{ ,"tkn":12345678901234567}}']] },
    );
  });
});
