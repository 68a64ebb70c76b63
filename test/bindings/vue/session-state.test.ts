import { firstValueFrom } from 'rxjs';
import { expect, test } from 'vitest';
import { createApp } from 'vue';
import { connectedClient, newSession } from '../support/session.js';
import { SessionState } from './session-state.js';

test('a Vue component shows a session until it expires', async () => {
  const container = document.createElement('div');
  createApp(SessionState, { session: await newSession() }).mount(container);
  await expect.poll(() => container.querySelector('p')?.textContent).toBe('alive');
  await expect.poll(() => container.querySelector('p')?.textContent, { timeout: 10_000 }).toBe('expired');
});

test('a Vue component saves a ref in the session when it changes', async () => {
  const client = await connectedClient();
  const session = await firstValueFrom(client.sh_create_session({ durationSeconds: 30 }));
  const container = document.createElement('div');
  createApp(SessionState, { session }).mount(container);
  const input = container.querySelector('input');
  if (input !== null) input.value = 'two bags';
  input?.dispatchEvent(new Event('input'));
  await expect.poll(() => firstValueFrom(session.get({ key: 'note' }))).toBe('two bags');
});
