import { PayloadTooLargeError } from '../../errors.js';
import { utf8Length } from '../../protocol/utf8.js';

/** How many bytes a request may have, and whether the server itself said so. */
export interface PayloadLimit {
  readonly bytes: number;
  readonly announced: boolean;
}

/** What NemesisDB 0.7 is shipped with. Only the embedded server announces its limit. */
export const shippedMaxPayload = 1024;

/** The limit that follows from the client's option and from what the server announced, if either is there. */
export function payloadLimit(option: number | undefined, announced: number | undefined): PayloadLimit {
  return announced === undefined
    ? { bytes: option ?? shippedMaxPayload, announced: false }
    : { bytes: Math.min(option ?? announced, announced), announced: true };
}

/** The error of a request that is longer than so many bytes. */
export function tooLarge(command: string, text: string, maxPayload: number): PayloadTooLargeError {
  return new PayloadTooLargeError(command, utf8Length(text), maxPayload);
}
