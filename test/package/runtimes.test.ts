import { describe, expect, test } from 'vitest';
import { program, run, tool } from './support/installed.js';

const lapsed = '18446744073709551615\nsessionDeleted\ntrue true';

describe.each([
  ['the oldest supported Node', process.execPath],
  ['Node 22', tool('node-22/bin/node')],
  ['Node 24', tool('node-24/bin/node')],
  ['Node 26', tool('node-26/bin/node')],
])('on %s', (_, node) => {
  test('a program that imports the package sees a session lapse', async () => {
    expect(await run(node, await program('session.mjs'))).toBe(lapsed);
  });

  test('a program that requires the package sees a session lapse', async () => {
    expect(await run(node, await program('session.cjs'))).toBe(lapsed);
  });

  test('import and require give the same classes and the same rxjs', async () => {
    expect(await run(node, await program('one-copy.mjs'))).toBe('true true true true true');
  });
});

test.each(['session.mjs', 'session.cjs'])('on Bun, %s sees a session lapse', async (name) => {
  expect(await run(tool('.bin/bun'), await program(name))).toBe(lapsed);
});

test.each(['session.mjs', 'session.cjs'])('on Deno, %s sees a session lapse', async (name) => {
  expect(await run(tool('.bin/deno'), 'run', '--allow-all', await program(name))).toBe(lapsed);
});
