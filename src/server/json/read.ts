import { JsonParser } from './parser.js';
import { isObject, type JsonText, type WireValue } from './wire.js';

/**
 * What the platform's JSON reads otherwise than NemesisDB. The patterns for numbers start at the value's end and look back,
 * which costs a request less than 10 ns of 3500.
 */
const misreads = {
  longInteger: /\d{16}/,
  surrogateEscape: /\\u[dD][89a-fA-F]/,
  spacedColon: /"\s+:/,
  /** `5.0` */
  zeroFraction: /\.0+(?!\d)(?<=(?:^|[:,[])\s*-?\d+\.0+)/,
  /** `5e3` */
  exponent: /\d[eE](?<=(?:^|[:,[])\s*-?\d+(?:\.\d+)?[eE])/,
  /** `67108864.000000005`: 17 digits, as fewer are never lost, of a fraction that is near 0 or 1. */
  lostFraction: /\.[09]\d+(?<=[\d.]{18})/,
};
const platformMisreads = new RegExp(
  Object.values(misreads)
    .map(({ source }) => source)
    .join('|'),
);

/** The deepest nesting that is read by the platform: a request never needs more, and counting members recurses. */
const maxQuickDepth = 1024;

/** Counts the members of all objects; `NaN` if nesting is too deep. */
function countMembers(value: WireValue, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > maxQuickDepth) return Number.NaN;
  let members = 0;
  // No `for…of`, here and below: every request is walked through, and iterators cost more than the walk.
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      members += countMembers(value[index] as WireValue, depth + 1); // below its length
    }
  } else if (isObject(value)) {
    const names = Object.keys(value);
    for (let index = 0; index < names.length; index++) {
      members += 1 + countMembers(value[names[index] as string] as WireValue, depth + 1); // Object.keys just named it
    }
  }
  return members;
}

function countColons(text: string): number {
  let count = 0;
  for (let at = text.indexOf('":'); at !== -1; at = text.indexOf('":', at + 2)) count++;
  return count;
}

/**
 * Reads JSON by the platform's own parser if that gives what NemesisDB reads; `undefined` if it might not. A repeated name
 * shows in the count: each member of the text has a `":`, and the tree has fewer members.
 */
export function readQuickly(text: string): WireValue | undefined {
  if (platformMisreads.test(text)) return undefined;
  try {
    const value = JSON.parse(text) as WireValue; // JSON.parse is typed `any`; what it makes is among these
    return countMembers(value, 1) === countColons(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the text of a stored value, whose members are sorted and not repeated. */
export function readStored(text: JsonText): WireValue {
  return platformMisreads.test(text) ? readExactly(text) : (JSON.parse(text) as WireValue); // as in `readQuickly`
}

/**
 * Reads JSON as NemesisDB does. Throws a `SyntaxError` for what NemesisDB refuses (status 3), such as a comment after the
 * value. `commentsAfter` allows it, for files that people write.
 */
export function readExactly(text: string, { commentsAfter = false } = {}): WireValue {
  return new JsonParser(text.startsWith('\ufeff') ? text.slice(1) : text, commentsAfter).parse();
}
