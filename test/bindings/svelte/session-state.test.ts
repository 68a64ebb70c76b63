import { mount, unmount } from 'svelte';
import { expect, test } from 'vitest';
import { newSession } from '../support/session.js';
import SessionState from './SessionState.svelte';

test('a Svelte component takes the state of a session as a store until the session expires', async () => {
  const session = await newSession();
  const target = document.createElement('div');
  const component = mount(SessionState, { target, props: { session } });
  await expect.poll(() => target.textContent).toBe('alive');
  await expect.poll(() => target.textContent, { timeout: 10_000 }).toBe('expired');
  await unmount(component);
});
