import { describe, expect, test } from 'vitest';
import { file, folder, program, runTool } from './support/installed.js';

const compilers = [
  ['5.9', 'typescript-5.9/bin/tsc'],
  ['newest', 'typescript-newest/bin/tsc'],
] as const;

const resolutions = [
  ['bundler', 'esnext', 'module'],
  ['nodenext', 'nodenext', 'module'],
  ['nodenext', 'nodenext', 'commonjs'],
] as const;

describe.each(compilers)('under TypeScript %s', (version, compiler) => {
  test.each(resolutions)('a program compiles with resolution %s as %s, type %s', async (resolution, module, type) => {
    const name = await folder(`types-${version}-${resolution}-${type}`, type);
    const options = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
      module,
      moduleResolution: resolution,
    };
    await file(`${name}/tsconfig.json`, JSON.stringify({ compilerOptions: options, files: ['typed.ts'] }));
    await program('typed.ts', name);
    expect(await runTool(compiler, '-p', name)).toBe('');
  });
});
