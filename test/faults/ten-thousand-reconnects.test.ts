import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

// A process of its own: what is left in its heap is then the client's alone. It ends with 1 where anything grows.
it('10,000 lost connections leave no heap, socket or timer behind', async () => {
  const { stdout } = await run(process.execPath, ['--expose-gc', '--import', 'tsx', 'soak/reconnects.ts'], {
    cwd: root,
  });
  expect(stdout).toMatch(/^10000\s/m);
  expect(stdout).toContain('bytes of heap for each reconnect');
}, 180_000);
