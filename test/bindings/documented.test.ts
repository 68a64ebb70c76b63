import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const snippets = [
  'angular/cart.ts',
  'react/use-observable.ts',
  'react/session-state.tsx',
  'vue/session-state.ts',
  'svelte/SessionState.svelte',
  'nest/ndb.module.ts',
];

test.each(snippets)('the guide shows %s as it is tested', async (snippet) => {
  const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');
  expect(await read('../../docs/guide/frameworks.md')).toContain(await read(snippet));
});

test('the guide shows how several tabs share a deadline as it is tested', async () => {
  const page = await readFile(new URL('../browser/pages/tab.ts', import.meta.url), 'utf8');
  const recipe = /function shareDeadline[\s\S]*?\n}\n/.exec(page)?.[0];
  expect(await readFile(new URL('../../docs/guide/frameworks.md', import.meta.url), 'utf8')).toContain(recipe);
});
