import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { Line } from '../support/replay.js';
import { engines } from './support/engines.js';

const stops: (() => void)[] = [];

/** Runs the server's command line until it prints something, or ends. */
async function run(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/server/main.ts', '--port', '0', ...args]);
  stops.push(() => child.kill());
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
  return output;
}

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

describe('--store', () => {
  test.each(engines)('starts a server over $name', async ({ url: engineUrl }) => {
    const [url = ''] = /ws:\S+/.exec(await run('--store', engineUrl())) ?? [];
    using line = await Line.open(url);
    expect(await line.ask('{"SH_NEW":{}}')).toContain('"st":1');
  });

  test('says what a URL looks like if it names no store', async () => {
    expect(await run('--store', 'redis:/nowhere')).toContain('--store: url must be such as redis://127.0.0.1:6379/0');
  });

  test('says that the store is unavailable if nothing listens there', async () => {
    expect(await run('--store', 'redis://127.0.0.1:1')).toContain('The store could not be reached for 2000 ms');
  });
});
