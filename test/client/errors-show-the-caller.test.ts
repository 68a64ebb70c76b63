import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ResponseError, TimeoutError } from '../../src/errors.js';
import { fakeClient } from '../support/peers/fake-client.js';

/** A call from a function whose name is to be seen in the stack. */
function callOfTheProgram(options: { readonly asyncStackTraces?: boolean }) {
  const { client, transport } = fakeClient(() => undefined, { maxPayload: 64, ...options });
  return { transport, result: firstValueFrom(client.kv_set({ a: 1 })), client };
}

const fails = async (options: { readonly asyncStackTraces?: boolean }) => {
  const { result, transport } = callOfTheProgram(options);
  setTimeout(() => transport.sent[0]?.receiver.failed(new TimeoutError('KV_SET', 5, 'unknown')));
  return result.then(
    () => expect.unreachable(),
    (error: Error) => error.stack ?? '',
  );
};

describe('an error', () => {
  it("has the caller's line in its stack with asyncStackTraces, and no line of the transport", async () => {
    const stack = await fails({ asyncStackTraces: true });
    expect(stack).toMatch(/^TimeoutError: KV_SET was not answered within 5 ms/);
    expect(stack).toContain('callOfTheProgram');
    expect(stack).not.toContain('Timeout._onTimeout');
  });

  it('has the stack of where it was made otherwise: the caller costs time to note', async () => {
    expect(await fails({})).not.toContain('callOfTheProgram');
  });

  it("has the caller's line if an argument is wrong, or the keys went in several requests", async () => {
    const { client } = fakeClient(() => ({ st: 100 }), { maxPayload: 64, asyncStackTraces: true });
    function wrongArgument() {
      return firstValueFrom(client.kv_set({ a: Number.NaN }));
    }
    function severalRequests() {
      return firstValueFrom(client.kv_set({ a: 'x'.repeat(30), b: 'x'.repeat(30) }));
    }
    await expect(wrongArgument()).rejects.toMatchObject({ stack: expect.stringContaining('wrongArgument') });
    await expect(severalRequests()).rejects.toMatchObject({ stack: expect.stringContaining('severalRequests') });
  });

  it("has the caller's line when it ends the process", async () => {
    const program = `
      import { NdbClient } from './src/index.js';
      const client = new NdbClient({ asyncStackTraces: true, timeout: 50 });
      function forgotten() { client.kv_count().subscribe(); }
      forgotten();
    `;
    const run = promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]);
    await expect(run).rejects.toMatchObject({ stderr: expect.stringMatching(/TimeoutError[\s\S]*at forgotten/) });
  }, 60_000);
});

describe('JSON.stringify of an error', () => {
  it('keeps the message, the name and the facts', () => {
    const error = new ResponseError('SH_GET', 100, 'SessionNotExist', 'why', 'Create a new one.');
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: {
        name: 'ResponseError',
        code: 'NDB_RESPONSE',
        message: 'The server refused SH_GET: SessionNotExist (100), "why". Create a new one.',
        command: 'SH_GET',
        status: 100,
        statusName: 'SessionNotExist',
        serverMessage: 'why',
        advice: 'Create a new one.',
        outcome: 'executed',
      },
    });
  });

  it('has the cause: a system error with its message, another one by its name, as it may quote values', () => {
    const json = (cause: unknown) =>
      JSON.parse(JSON.stringify(new TimeoutError('KV_SET', 5, 'not-sent', 'no connection', { cause }))).cause;
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(json(refused)).toEqual({ name: 'Error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' });
    expect(json(new TypeError('hunter2'))).toEqual({ name: 'TypeError' });
    expect(json(new TimeoutError('KV_GET', 1, 'unknown'))).toMatchObject({ name: 'TimeoutError', command: 'KV_GET' });
    expect(json('a string')).toBeUndefined();
  });
});
