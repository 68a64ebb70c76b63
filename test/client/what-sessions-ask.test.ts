import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../src/client/options.js';
import { sessionPort } from '../../src/client/session-port.js';
import { ConnectionError, TimeoutError } from '../../src/errors.js';
import type { Probe, SessionPort } from '../../src/session/port.js';
import type { ConnectionState, ServerInfo } from '../../src/transport/connection/connection-state.js';
import type { Reply } from '../../src/transport/transport.js';
import { type Answer, FakeTransport } from '../support/peers/fake-transport.js';

const url = 'ws://127.0.0.1:1987/';
const server: ServerInfo = { serverVersion: '0.7.2', persistEnabled: false };
const open: ConnectionState = { state: 'open', url, server, pipelining: 'fenced' };
const connecting = { state: 'connecting', url, attempt: 1, purpose: 'again' } as const;

function portOver(answer?: Answer) {
  const transport = new FakeTransport(answer);
  return { transport, port: sessionPort(transport, settingsOf({ timeout: 700 })) };
}

/** Asks; the answer is undefined where none will come. */
function asked(port: SessionPort, probe: Probe) {
  let giveUp = () => {};
  const answer = new Promise<Reply | undefined>((resolve) => {
    giveUp = port.probe(probe, { replied: resolve, failed: () => resolve(undefined) });
  });
  return { answer, giveUp: () => giveUp() };
}

describe('what following sessions asks of the client', () => {
  it('is sent as it is, may be repeated, and answered with the reply of whatever status', async () => {
    const { transport, port } = portOver(() => ({ st: 100 }));
    const { answer } = asked(port, { command: 'SH_INFO', tkn: 2n ** 64n - 1n });
    expect((await answer)?.body).toEqual({ st: 100 });
    expect(transport.sent).toMatchObject([
      {
        command: 'SH_INFO',
        text: '{"SH_INFO":{"tkn":18446744073709551615}}',
        timeout: 700,
        repeatable: true,
        vital: true,
      },
    ]);
  });

  it('fails as a command does, and is taken back when nobody waits', async () => {
    const failing = portOver((command) => new TimeoutError(command, 1, 'unknown'));
    expect(await asked(failing.port, { command: 'SH_EXISTS', tkns: [] }).answer).toBeUndefined();
    const silent = portOver(() => undefined);
    asked(silent.port, { command: 'SH_EXISTS', tkns: [1n] }).giveUp();
    expect(silent.transport.cancelled).toBe(1);
    expect(silent.transport.sent).toMatchObject([{ text: '{"SH_EXISTS":{"tkns":[1]}}' }]);
  });

  it('learns that the server is lost and found again, whatever happens in between', () => {
    const { transport, port } = portOver();
    const seen: string[] = [];
    port.connection$.subscribe({ next: (state) => seen.push(state), complete: () => seen.push('over') });
    const error = new ConnectionError('The cable was pulled.');
    const waiting: ConnectionState = { ...connecting, state: 'waiting', delay: 1, nextAttemptAt: 1, error };
    for (const state of [
      connecting,
      open,
      waiting,
      connecting,
      open,
      { state: 'closing' },
      { state: 'closed' },
    ] as const) {
      transport.connection$.next(state);
    }
    transport.connection$.complete();
    expect(seen).toEqual(['lost', 'open', 'lost', 'open', 'closed', 'over']);
  });

  it('takes datasets for possible while the server has not said otherwise', () => {
    const { transport, port } = portOver();
    port.connection$.subscribe();
    expect(port.persistEnabled).toBe(true);
    transport.connection$.next(open);
    expect(port.persistEnabled).toBe(false);
    expect(port.maxPayload).toBe(1024);
    transport.maxPayload = 8192;
    expect(port.maxPayload).toBe(8192);
  });
});
