import { JSONPathEnvironment, type JSONPathQuery, type JSONValue } from 'json-p3';
import type { JsonText } from './value-text.js';

/** Where something is in a value, from its root. */
export type Location = readonly (string | number)[];

/** Thrown where a path is wrong, or following it would take too long. */
export class PathError extends Error {
  override readonly name = 'PathError';
}

/** A path that can be followed in any number of values. */
export interface Path {
  readonly query: JSONPathQuery;
  /** How many descendant steps (`..`) it takes, and whether one is inside a filter. */
  readonly descents: number;
  readonly descendsInFilter: boolean;
}

/** The most places that following a path may look at, estimated: about a tenth of a second. */
const maxSteps = 1_000_000;

const environment = new JSONPathEnvironment({ maxRecursionDepth: 2000 });
// Not NemesisDB's, and a pattern of a client's making can keep a backtracking matcher busy for years.
environment.functionRegister.delete('match');
environment.functionRegister.delete('search');

/** Reads a path; `undefined` where it is wrong. */
export function readPath(text: string): Path | undefined {
  try {
    const query = environment.compile(text.trim());
    const [, ...filters] = text.split('?');
    const descents = text.split('..').length - 1;
    return { query, descents, descendsInFilter: filters.some((filter) => filter.includes('..')) };
  } catch {
    return undefined;
  }
}

function measure(value: JSONValue, depth: number, size: { nodes: number; depth: number }): void {
  size.nodes++;
  if (depth > size.depth) size.depth = depth;
  if (typeof value !== 'object' || value === null) return;
  for (const item of Object.values(value) as JSONValue[]) measure(item, depth + 1, size); // the values of JSON are JSON
}

/** Each descendant step looks again at all that is below each place: at most the tree's depth times as much. */
function checkCost({ descents, descendsInFilter }: Path, value: JSONValue): void {
  if (descents === 0) return;
  const size = { nodes: 0, depth: 1 };
  measure(value, 1, size);
  const steps = size.nodes * size.depth ** (descents - 1) * (descendsInFilter ? size.nodes : 1);
  if (size.nodes > 1 && steps > maxSteps && (descents > 1 || descendsInFilter)) {
    throw new PathError('following the path would take too long');
  }
}

/** Where a path leads in a value: the normalized path of each place, and its parts. Each place once. */
export function follow(path: Path | undefined, text: JsonText): Map<string, Location> {
  if (path === undefined) throw new PathError('the path is wrong');
  // Rounded numbers are near enough to compare with: the places are the same.
  const value = JSON.parse(text) as JSONValue; // JSON.parse is typed `any`
  checkCost(path, value);
  try {
    const { nodes } = path.query.query(value);
    return new Map(nodes.map((node) => [node.getPath({ form: 'canonical' }), node.location]));
  } catch (cause) {
    throw new PathError('the path can not be followed', { cause });
  }
}
