import { Status } from '../../protocol/status.js';
import { isObject, member, type WireObject, type WireValue } from '../json/wire.js';

type Kind = 'string' | 'boolean' | 'unsigned' | 'object' | 'array' | 'any';

/** One parameter of a command. */
export interface Parameter {
  readonly name: string;
  readonly kind: Kind;
  readonly required: boolean;
}

/** Why a command is refused. */
export interface Fault {
  readonly status: number;
  readonly message: string;
}

export const required = (name: string, kind: Kind): Parameter => ({ name, kind, required: true });
export const optional = (name: string, kind: Kind): Parameter => ({ name, kind, required: false });

function isKind(value: WireValue, kind: Kind): boolean {
  switch (kind) {
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'unsigned':
      // -0 is written with a sign, which makes it signed
      return typeof value === 'bigint'
        ? value >= 0n
        : Number.isInteger(value) && !Object.is(value, -0) && Number(value) >= 0;
    case 'any':
      return true;
    case 'boolean':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
  }
}

/**
 * The first fault among a command's parameters. NemesisDB checks them in the order of their names, so list them sorted: of
 * two faults it reports the earlier name.
 */
export function faultIn(body: WireObject, parameters: readonly Parameter[]): Fault | undefined {
  for (const { name, kind, required } of parameters) {
    const value = member(body, name);
    if (value === undefined) {
      if (required) return { status: Status.ParamMissing, message: 'Missing parameter' };
    } else if (!isKind(value, kind)) {
      return { status: Status.ValueTypeInvalid, message: 'Param type incorrect' };
    }
  }
  return undefined;
}
