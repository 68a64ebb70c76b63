import type { JsonText } from '../json/wire.js';
import type { SessionToken } from './tokens.js';

/** Where keys are: in a session, or (`undefined`) at the top level. */
export type Place = SessionToken | undefined;

/** A key and its value. */
export type Entry = readonly [key: string, value: JsonText];
