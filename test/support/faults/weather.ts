import fc from 'fast-check';
import type { Fault, FaultProxy } from './proxy.js';

/** Something that happens to the network, or to what comes over it. */
export type Weather =
  | { readonly type: 'slow'; readonly direction: 'up' | 'down'; readonly delay: number }
  | { readonly type: 'narrow'; readonly direction: 'up' | 'down'; readonly rate: number }
  | { readonly type: 'split'; readonly direction: 'up' | 'down'; readonly piece: number }
  | { readonly type: 'strike'; readonly direction: 'up' | 'down'; readonly fault: Fault }
  | { readonly type: 'strike-after'; readonly direction: 'up' | 'down'; readonly fault: Fault; readonly bytes: number }
  | { readonly type: 'lose'; readonly place: number }
  | { readonly type: 'garble'; readonly text: string }
  | { readonly type: 'refuse' | 'silence' | 'clear' };

const direction = fc.constantFrom('up' as const, 'down' as const);
const fault = fc.constantFrom<Fault>('reset', 'truncate', 'half-close', 'swallow', 'black-hole');

/** Frames that no NemesisDB sends. A reply under the name of what is asked, unasked for, can be told by nobody. */
const garbage = fc.constantFrom('', 'x', '{}', '[]', '{"X_RSP":{}}', '{"SH_9999999_RSP":{"st":10}}', '{"ERR":');

/** Any weather. */
export const weather: fc.Arbitrary<Weather> = fc.oneof(
  fc.record({ type: fc.constant('slow' as const), direction, delay: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ type: fc.constant('narrow' as const), direction, rate: fc.integer({ min: 20_000, max: 500_000 }) }),
  fc.record({ type: fc.constant('split' as const), direction, piece: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ type: fc.constant('strike' as const), direction, fault }),
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('strike-after' as const),
      direction,
      fault,
      bytes: fc.integer({ min: 1, max: 5000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('lose' as const), place: fc.nat(40) }) },
  fc.record({ type: fc.constant('garble' as const), text: garbage }),
  fc.record({ type: fc.constantFrom('refuse' as const, 'silence' as const) }),
  { weight: 3, arbitrary: fc.record({ type: fc.constant('clear' as const) }) },
);

/** Lets it happen. */
export function apply(proxy: FaultProxy, event: Weather): void {
  switch (event.type) {
    case 'slow':
      proxy.hinder(event.direction, { delay: event.delay });
      return;
    case 'narrow':
      proxy.hinder(event.direction, { rate: event.rate });
      return;
    case 'split':
      proxy.hinder(event.direction, { piece: event.piece });
      return;
    case 'strike':
      proxy.strike(event.fault, event.direction);
      return;
    case 'strike-after':
      proxy.strikeAfter(event.direction, event.bytes, event.fault);
      return;
    case 'lose': {
      let seen = 0;
      proxy.lets = () => seen++ !== event.place;
      return;
    }
    case 'garble':
      proxy.inject(event.text);
      return;
    case 'refuse':
      proxy.admission = 'reset';
      return;
    case 'silence':
      proxy.admission = 'silence';
      return;
    case 'clear':
      proxy.heal();
      return;
  }
}
