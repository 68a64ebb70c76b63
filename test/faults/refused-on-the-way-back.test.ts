import { createServer, type Server } from 'node:http';
import { filter, firstValueFrom, lastValueFrom, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { FaultPeer } from '../support/faults/peer.js';
import { faultSetting } from '../support/faults/setting.js';

const setting = faultSetting();

/** Something else answers in the server's place, as what stands before a server does while that restarts. */
async function standIn(status: number): Promise<Server> {
  const server = createServer((_, response) => {
    response.writeHead(status);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const portOf = (server: Server) => {
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
};

describe('a client that was connected once', () => {
  it.each([400, 401, 404, 502])('comes back after refusals with HTTP %i in between', async (status) => {
    const client = await setting.connect();
    const other = await standIn(status);
    setting.proxy.target = portOf(other);
    const refusals = lastValueFrom(
      client.connection$.pipe(
        filter(({ state }) => state === 'waiting'),
        take(4),
      ),
    );
    setting.proxy.strike('reset');
    expect(await refusals).toMatchObject({ error: { message: expect.stringContaining(`HTTP ${status}`) } });
    setting.proxy.target = setting.server.port;
    expect(await firstValueFrom(client.kv_count())).toBe(0);
    other.close();
  });

  it('comes back after a peer that was no NemesisDB in between', async () => {
    const client = await setting.connect();
    await using echo = await FaultPeer.listen(({ reply, text }) => reply(text));
    setting.proxy.target = echo.port;
    setting.proxy.strike('reset');
    await expect.poll(() => echo.accepted).toBeGreaterThan(1);
    setting.proxy.target = setting.server.port;
    expect(await firstValueFrom(client.kv_count())).toBe(0);
  });

  it('comes back after an upgrade request that was cut', async () => {
    const client = await setting.connect();
    setting.proxy.strike('reset');
    setting.proxy.strikeAfter('up', 4, 'half-close');
    expect(await firstValueFrom(client.kv_count())).toBe(0);
    expect(setting.proxy.accepted).toBeGreaterThanOrEqual(3);
  });
});

describe('a server that stops', () => {
  it('does not wait for those who never finish their upgrade', async () => {
    setting.proxy.strikeAfter('up', 4, 'swallow');
    const half: Promise<unknown> = setting.connect({ connectTimeout: 60_000 }).catch(() => undefined);
    await expect.poll(() => setting.proxy.passed.up).toBe(4);
    const begun = performance.now();
    await setting.server.close();
    expect(performance.now() - begun).toBeLessThan(1000);
    void half;
  });
});
