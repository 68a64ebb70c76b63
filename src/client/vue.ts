/**
 * Marks the objects of these classes as Vue's `markRaw` does. Vue's `reactive` and `ref` would wrap them in proxies, which have
 * no access to private members.
 */
export function keepOutOfVueProxies(...classes: readonly { readonly prototype: object }[]): void {
  for (const { prototype } of classes) Object.defineProperty(prototype, '__v_skip', { value: true });
}
