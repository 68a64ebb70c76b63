/** Every status that a server answers with (`st`), by its number: those of NemesisDB 0.7, and from 9000 on our server's own. */
export const statusNames = {
  1: 'Ok',
  2: 'OpCodeInvalid',
  3: 'JsonInvalid',
  4: 'PathInvalid',
  5: 'NoPath',
  10: 'CommandNotExist',
  11: 'CommandMultiple',
  12: 'CommandType',
  13: 'CommandSyntax',
  14: 'CommandDisabled',
  22: 'KeyNotExist',
  26: 'ParamMissing',
  40: 'ValueMissing',
  41: 'ValueTypeInvalid',
  42: 'ValueSize',
  100: 'SessionNotExist',
  101: 'SessionTokenInvalid',
  102: 'SessionOpenFail',
  103: 'SessionNewFail',
  120: 'SaveStart',
  121: 'SaveComplete',
  122: 'SaveDirWriteFail',
  123: 'SaveError',
  140: 'Loading',
  141: 'LoadComplete',
  142: 'LoadError',
  1000: 'Unknown',
  9000: 'StoreUnavailable',
} as const;

/** The name of a status, as NemesisDB's documentation spells it. */
export type StatusName = (typeof statusNames)[keyof typeof statusNames];

/** The statuses by name: `Status.SessionNotExist` is 100. */
export const Status = Object.freeze(
  Object.fromEntries(Object.entries(statusNames).map(([number, name]) => [name, Number(number)])),
  // fromEntries forgets the literal names; they are those of the table above.
) as { readonly [Name in StatusName]: number };

/** The name of a status number; `Unknown` for one that NemesisDB 0.7 does not have. */
export function statusName(status: number): StatusName {
  return (statusNames as Readonly<Record<number, StatusName>>)[status] ?? 'Unknown';
}
