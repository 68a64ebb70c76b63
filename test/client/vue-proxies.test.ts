import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { reactive, ref } from 'vue';
import { NdbClient } from '../../src/index.js';
import { NdbServer } from '../../src/server/index.js';

describe("under Vue's reactive and ref", () => {
  it('a client and its sessions are left as they are, and work', async () => {
    await using server = await NdbServer.listen();
    await using client = new NdbClient();
    const view = reactive({ client });
    expect(view.client).toBe(client);
    await firstValueFrom(view.client.open(server.url));
    const session = ref(await firstValueFrom(ref(client).value.sh_create_session({ durationSeconds: 60 })));
    await firstValueFrom(session.value.set({ a: 1 }));
    expect(await firstValueFrom(session.value.get({ key: 'a' }))).toBe(1);
    await firstValueFrom(session.value.end());
  });

  it('a reactive value is sent as the plain value that it wraps', async () => {
    await using server = await NdbServer.listen();
    await using client = new NdbClient();
    await firstValueFrom(client.open(server.url));
    const cart = reactive({ items: ['apple', { name: 'pear' }] });
    await firstValueFrom(client.kv_set({ cart }));
    expect(await firstValueFrom(client.kv_get({ key: 'cart' }))).toEqual({ items: ['apple', { name: 'pear' }] });
  });
});
