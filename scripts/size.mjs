// Measures what `import { NdbClient }` costs in a browser, and keeps the table in docs/PACKAGE.md.
//
//     npm run size               fails if the limit is exceeded
//     npm run size -- --write    also writes the table
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

// The goal is 25 KiB. Lower the limit with every step towards it.
const limit = 35 * 1024;
const page = 'docs/PACKAGE.md';

const { outputFiles, metafile } = await build({
  stdin: { contents: "export { NdbClient } from './src/index.ts';", resolveDir: '.' },
  tsconfig: 'tsconfig.browser.json',
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  external: ['rxjs'],
  write: false,
  metafile: true,
});
const [{ contents }] = outputFiles;
const gzipped = gzipSync(contents, { level: 9 }).length;

/** A folder of ours, or a package. */
const partOf = (path) =>
  /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? /^src\/[^/]+(?=\/)/.exec(path)?.[0] ?? 'src';

const parts = new Map();
const [{ inputs }] = Object.values(metafile.outputs);
for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
  parts.set(partOf(path), (parts.get(partOf(path)) ?? 0) + bytesInOutput);
}

const kib = (bytes) => (bytes / 1024).toFixed(1);
const rows = [...parts].filter(([, bytes]) => bytes > 0).sort(([, a], [, b]) => b - a);
const table = [
  '| part | minified, KiB |',
  '| --- | ---: |',
  ...rows.map(([part, bytes]) => `| \`${part}\` | ${kib(bytes)} |`),
  `| all | ${kib(contents.length)} |`,
  `| all, gzipped | **${kib(gzipped)}** of at most ${kib(limit)} |`,
].join('\n');
console.log(table);

if (process.argv.includes('--write')) {
  const text = readFileSync(page, 'utf8');
  writeFileSync(page, text.replace(/<!-- size -->[\s\S]*<!-- \/size -->/, `<!-- size -->\n${table}\n<!-- /size -->`));
}
if (gzipped > limit) {
  console.error(`The client takes ${kib(gzipped)} KiB in a browser, and may take ${kib(limit)}.`);
  process.exitCode = 1;
}
