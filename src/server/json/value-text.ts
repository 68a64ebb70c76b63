import { type JsonText, RealNumber, StoredText, type WireObject, type WireValue } from './wire.js';

/** A double past 2^53 keeps its exponent: written as an integer, it would come back as another type. */
function numberText(value: number): JsonText {
  if (Number.isSafeInteger(value)) return String(value);
  if (!Number.isFinite(value)) return 'null';
  return Number.isInteger(value) ? value.toExponential() : String(value);
}

function realText({ value }: RealNumber): JsonText {
  if (Object.is(value, -0)) return '-0.0';
  return Number.isSafeInteger(value) ? `${value}.0` : numberText(value);
}

function isSorted(names: readonly string[]): boolean {
  for (let index = 1; index < names.length; index++) {
    if ((names[index - 1] as string) > (names[index] as string)) return false; // both exist: 1 ≤ index < length
  }
  return true;
}

/** A string that needs no escapes, as most do. The test takes half as long as the platform's JSON. */
const plain = /^[ !#-[\]-~]*$/;

const quoted = (text: string): JsonText => (plain.test(text) ? `"${text}"` : JSON.stringify(text));

function arrayText(items: readonly WireValue[]): JsonText {
  let text = '';
  for (let index = 0; index < items.length; index++) {
    text += `${index === 0 ? '' : ','}${valueText(items[index] as WireValue)}`; // below its length
  }
  return `[${text}]`;
}

function objectText(value: WireObject): JsonText {
  const names = Object.keys(value);
  if (!isSorted(names)) names.sort();
  let text = '';
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string; // below its length
    // a member that Object.keys just named
    text += `${index === 0 ? '' : ','}${quoted(name)}:${valueText(value[name] as WireValue)}`;
  }
  return `{${text}}`;
}

/** Writes a value in the form in which it is stored. */
export function valueText(value: WireValue): JsonText {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return numberText(value);
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return arrayText(value);
      if (value instanceof StoredText) return value.text;
      return value instanceof RealNumber ? realText(value) : objectText(value);
    default:
      return String(value);
  }
}
