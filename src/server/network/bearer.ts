import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * Decides by the `Authorization` header who may connect. Digests of all tokens are compared in constant time, so that how
 * long it takes says nothing about a token.
 */
export function bearerCheck(tokens: string | readonly string[] | undefined): (header: string | undefined) => boolean {
  if (tokens === undefined) return () => true;
  const allowed = (typeof tokens === 'string' ? [tokens] : tokens).map(digest);
  return (header = '') => {
    const given = digest(/^Bearer +(.+)$/i.exec(header)?.[1] ?? '');
    return allowed.filter((token) => timingSafeEqual(token, given)).length > 0;
  };
}
