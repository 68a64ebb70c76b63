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

// Vite would take a URL with a literal path for one of its assets.
const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

test.each(snippets)('the guide shows %s as it is tested', async (snippet) => {
  expect(await read('../../docs/guide/frameworks.md')).toContain(await read(snippet));
});

test('the guide shows how several tabs share a deadline as it is tested', async () => {
  const recipe = /function shareDeadline[\s\S]*?\n}\n/.exec(await read('../browser/pages/tab.ts'))?.[0];
  expect(await read('../../docs/guide/frameworks.md')).toContain(recipe);
});
