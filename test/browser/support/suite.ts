/** Which files of the suite can run in a browser: those that need nothing of Node, however indirectly. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

/** Folders whose tests are about Node: the server, the faults of its sockets, the built package, the documentation. */
const folders = ['test/client', 'test/integration', 'test/protocol', 'test/session', 'test/transport'];

/** In place of the servers that the suite starts in Node. */
export const replacements: Readonly<Record<string, string>> = {
  'test/support/peers/server-under-test.ts': 'test/browser/support/server-outside.ts',
};

export async function testsForBrowsers(root: string): Promise<string[]> {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => join(folder, file)),
  );
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: files,
    outdir: 'unused',
    bundle: true,
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
    packages: 'external',
    alias: { '#platform': resolve(root, 'src/transport/socket/browser.ts') },
    plugins: [replaced(root)],
  });
  return files.filter((file) => !needsNode(metafile, file, root));
}

const replaced = (root: string): Plugin => ({
  name: 'replaced',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const replacement = replacements[relative(root, path)];
      if (replacement === undefined) return undefined;
      const file = resolve(root, replacement);
      return { contents: readFileSync(file, 'utf8'), loader: 'ts', resolveDir: resolve(file, '..') };
    });
  },
});

function needsNode({ inputs }: Metafile, entry: string, root: string): boolean {
  const seen = new Set<string>();
  const visit = (file: string): boolean => {
    if (seen.has(file)) return false;
    seen.add(file);
    const imports = inputs[file]?.imports ?? [];
    if (/\b(process\.|Buffer\b|setImmediate|global\b)/.test(readFileSync(join(root, file), 'utf8'))) return true;
    return imports.some(({ path, external }) => (external ? isOfNode(path) : visit(path)));
  };
  return visit(entry);
}

const isOfNode = (name: string): boolean => name === 'ws' || name.startsWith('node:') || builtinModules.includes(name);
