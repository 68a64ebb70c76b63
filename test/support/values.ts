import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../src/protocol/json.js';

/** Names that have tripped programs. */
const awkward = fc.constantFrom(
  '',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'a b',
  '\u0000',
  'é',
  '0',
  '10',
  '"',
  '\\',
);

/** Any string that JSON can hold: no half surrogate pairs. */
export const text = fc.oneof(fc.string({ unit: 'grapheme' }), awkward, fc.stringMatching(/^-?\d{1,25}$/));

const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt(2n ** 53n, 2n ** 64n - 1n),
  fc.bigInt(-(2n ** 63n), -(2n ** 53n)),
);

const double = fc.double({ noNaN: true, noDefaultInfinity: true });

/** Any value that NemesisDB keeps as it is. */
export const storable: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'value' },
    fc.constant(null),
    fc.boolean(),
    integer,
    double,
    text,
    fc.array(tie('value'), { maxLength: 5, depthIdentifier: 'value' }),
    keyed(tie('value'), 5),
  ),
})).value;

/** Objects with any names; by entries, as an assignment to `__proto__` would set the prototype. */
export function keyed(value: fc.Arbitrary<JsonValue>, maxKeys: number): fc.Arbitrary<JsonObject> {
  return fc
    .uniqueArray(fc.tuple(text, value), { maxLength: maxKeys, selector: ([name]) => name, depthIdentifier: 'value' })
    .map((entries) => Object.fromEntries(entries));
}
