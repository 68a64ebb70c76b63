import { ClientCore } from '../../../src/client/client.js';
import type { NdbClientOptions } from '../../../src/client/options.js';
import { type Answer, FakeTransport } from './fake-transport.js';

class FakeClient extends ClientCore {}

/** A client over a transport without a wire. */
export function fakeClient(answer?: Answer, options: NdbClientOptions = {}) {
  const transport = new FakeTransport(answer);
  if (options.maxPayload !== undefined) transport.maxPayload = options.maxPayload;
  return { client: new FakeClient(() => transport, options), transport };
}
