import { randomFillSync } from 'node:crypto';
import type { Masking } from '../../protocol/text-frames.js';

/** Masking keys must not be foreseeable; randomness costs much less in large pieces. */
const keys = Buffer.alloc(8 * 1024);
const keyLength = 4;
let next = keys.length;

/** Masks the frames of clients, each with a key of its own. */
export const masking: Masking = {
  writeKey(frames, at) {
    if (next === keys.length) {
      randomFillSync(keys);
      next = 0;
    }
    keys.copy(frames, at, next, next + keyLength);
    next += keyLength;
  },
};
