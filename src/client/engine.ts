/** What this library needs of the JavaScript engine, besides what all engines of the last five years have. */
const needs: readonly (readonly [name: string, isThere: () => boolean])[] = [
  ['String.prototype.isWellFormed', () => typeof ''.isWellFormed === 'function'],
  ['Array.prototype.toReversed', () => typeof [].toReversed === 'function'],
  ['URL.canParse', () => typeof URL.canParse === 'function'],
];

/** Throws an error in words if the engine is too old, where otherwise a method would be missing later on. */
export function checkEngine(): void {
  for (const [name, isThere] of needs) {
    if (isThere()) continue;
    throw new Error(
      `rx-nemesisdb needs ${name}, which this JavaScript engine does not have. ` +
        'It runs on Node 20.19, Chrome 120, Firefox 119 and Safari 17, and later ones.',
    );
  }
}
