import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, test, vi } from 'vitest';
import { newSession } from '../support/session.js';
import { SessionState } from './session-state.js';

test('a React component in StrictMode shows a session until it expires, and subscribes once more without harm', async () => {
  const complaints = vi.spyOn(console, 'error');
  const session = await newSession();
  const events: string[] = [];
  session.events$.subscribe(({ type }) => events.push(type));
  const container = document.createElement('div');
  const root = createRoot(container);
  root.render(
    <StrictMode>
      <SessionState session={session} />
    </StrictMode>,
  );
  await expect.poll(() => container.textContent).toBe('alive');
  await expect.poll(() => container.textContent, { timeout: 10_000 }).toBe('expired');
  root.unmount();
  expect(events.filter((type) => type === 'opened' || type === 'expired')).toEqual(['opened', 'expired']);
  expect(complaints).not.toHaveBeenCalled();
});
