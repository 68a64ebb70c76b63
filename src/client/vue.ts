import { Session } from '../session/session.js';
import { Caller } from './methods.js';

// Vue's `reactive` and `ref` wrap objects in proxies, which have no access to private members. They leave objects with this
// mark alone, as Vue's own `markRaw` sets it.
for (const { prototype } of [Caller, Session]) Object.defineProperty(prototype, '__v_skip', { value: true });
