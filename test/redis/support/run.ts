// Runs the tests that need a `redis-server`: `npm run test:redis`, with paths or options of vitest after `--`.
import { spawnSync } from 'node:child_process';
import { hasRedisServer } from './redis-processes.js';

if (!hasRedisServer()) {
  process.stdout.write(
    'There is no redis-server 7 here, so its tests are left out (Debian: apt install redis-server).\n',
  );
} else {
  const vitest = 'node_modules/vitest/vitest.mjs';
  const args = [vitest, 'run', '--config', 'vitest.redis.config.ts', ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}
