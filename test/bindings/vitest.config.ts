import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const source = (path: string) => root(`src/${path}`);

/** The bindings, each against its real framework: `npm run test:bindings`. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [svelte({ configFile: false })],
  resolve: {
    conditions: ['browser'], // Svelte has another build for servers
    dedupe: ['rxjs'],
    alias: [
      { find: /^ws$/, replacement: root('node_modules/ws/wrapper.mjs') }, // has none for browsers
      { find: '#platform', replacement: source('transport/socket/node.ts') },
      { find: /^rx-nemesisdb$/, replacement: source('index.ts') },
      { find: /^rx-nemesisdb\/server$/, replacement: source('server/index.ts') },
    ],
  },
  test: { include: ['**/*.test.{ts,tsx}'], environment: 'happy-dom', testTimeout: 20_000 },
});
