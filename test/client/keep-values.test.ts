import { describe, expect, it } from 'vitest';
import { fakeClient } from '../support/peers/fake-client.js';
import { settled } from '../support/settled.js';

describe('sh_create_session with keepValues', () => {
  it('asks the server to keep what the session held, and only then', async () => {
    const { client, transport } = fakeClient(() => ({ st: 1, tkn: 7 }));
    await settled(client.sh_create_session({ durationSeconds: 5, keepValues: true }));
    await settled(client.sh_create_session({ durationSeconds: 5, keepValues: false }));
    const flags = '"deleteSession":false,"extendOnSetAdd":false,"extendOnGet":false';
    expect(transport.sent.map(({ text }) => text)).toEqual([
      `{"SH_NEW":{"expiry":{"duration":5,${flags},"keepValues":true}}}`,
      `{"SH_NEW":{"expiry":{"duration":5,${flags}}}}`,
    ]);
  });
});
