/** Whether a value is an origin as browsers write it, without a path or a slash at the end, or `*`. */
export function isOrigin(value: unknown): boolean {
  return value === '*' || (typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value);
}

/**
 * Decides by the `Origin` header who may connect. Only browsers send it, and they always do: without this check any page
 * could use a server on the same machine.
 */
export function allowsOrigin(allowed: string | readonly string[] | undefined): (origin: string | undefined) => boolean {
  const origins = new Set(typeof allowed === 'string' ? [allowed] : allowed);
  return (origin) => origin === undefined || origins.has('*') || origins.has(origin);
}
