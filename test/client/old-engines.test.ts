import { afterEach, expect, it, vi } from 'vitest';
import { fakeClient } from '../support/peers/fake-client.js';

afterEach(() => vi.unstubAllGlobals());

it('an engine that is too old is named with what it lacks, when a client is made', () => {
  const { canParse: _, ...old } = Object.getOwnPropertyDescriptors(URL);
  vi.stubGlobal(
    'URL',
    Object.defineProperties(() => {}, { prototype: old.prototype }),
  );
  expect(() => fakeClient()).toThrow(
    'rx-nemesisdb needs URL.canParse, which this JavaScript engine does not have. ' +
      'It runs on Node 20.19, Chrome 120, Firefox 119 and Safari 17, and later ones.',
  );
});
