import { RealNumber, type WireObject, type WireValue } from './wire.js';

/** A JSON value as text, in the form it is stored, sent and saved in: exact, and members sorted by name. */
export type JsonText = string;

/** Doubles as doubles: written as an integer, one past 2^53 would come back as another type. */
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

function objectText(value: WireObject): JsonText {
  const names = Object.keys(value);
  if (!isSorted(names)) names.sort();
  let text = '';
  for (const name of names) {
    // a member that Object.keys just named
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${valueText(value[name] as WireValue)}`;
  }
  return `{${text}}`;
}

/** Writes a value as it is stored. */
export function valueText(value: WireValue): JsonText {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return numberText(value);
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(valueText).join(',')}]`;
      return value instanceof RealNumber ? realText(value) : objectText(value);
    default:
      return String(value);
  }
}
