import { JSONPathEnvironment, type JSONPathQuery, type JSONValue } from 'json-p3';
import { countSteps, PathError, Steps } from './path-steps.js';
import type { JsonText } from './value-text.js';

export { PathError };

/** Where something is in a value, from its root. */
export type Location = readonly (string | number)[];

/** A path that can be followed in any number of values, for one command: what it may take is bounded for all of them. */
export interface Path {
  readonly query: JSONPathQuery;
  readonly steps: Steps;
}

const environment = new JSONPathEnvironment({ maxRecursionDepth: 2000 });
// Not NemesisDB's, and a pattern of a client's making can keep a backtracking matcher busy for years.
environment.functionRegister.delete('match');
environment.functionRegister.delete('search');

/** Reads a path; `undefined` where it is wrong. */
export function readPath(text: string): Path | undefined {
  try {
    const query = environment.compile(text.trim());
    const steps = new Steps();
    countSteps(query, steps);
    return { query, steps };
  } catch {
    return undefined;
  }
}

/** Where a path leads in a value: the normalized path of each place, and its parts. Each place once. */
export function follow(path: Path | undefined, text: JsonText): Map<string, Location> {
  if (path === undefined) throw new PathError('the path is wrong');
  // Rounded numbers are near enough to compare with: the places are the same.
  const value = JSON.parse(text) as JSONValue; // JSON.parse is typed `any`
  path.steps.allow(text);
  const places = new Map<string, Location>();
  try {
    // One by one: a list of all, the same place a thousand times in it, could take gigabytes.
    for (const node of path.query.lazyQuery(value)) places.set(node.getPath({ form: 'canonical' }), node.location);
    return places;
  } catch (cause) {
    throw cause instanceof PathError ? cause : new PathError('the path can not be followed', { cause });
  }
}
