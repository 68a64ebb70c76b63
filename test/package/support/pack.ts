import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const tools = fileURLToPath(new URL('../tools', import.meta.url));

const quiet = ['--no-audit', '--no-fund', '--prefer-offline'];

declare module 'vitest' {
  export interface ProvidedContext {
    /** The project into which the packed package was installed. */
    readonly project: string;
    /** The folder of the tools that the package is tried with. */
    readonly tools: string;
    /** The packed package. */
    readonly tarball: string;
  }
}

/** Builds and packs the package and installs it, with rxjs, into an empty project. Installs the tools if they changed. */
export default async function setup(vitest: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'rx-nemesisdb-package-'));
  await run('npm', ['install', ...quiet], { cwd: tools });
  await run('npm', ['run', 'build'], { cwd: root });
  const packed = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
    cwd: root,
  });
  const tarball = join(folder, packed.stdout.trim());
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }));
  await run('npm', ['install', ...quiet, tarball, 'rxjs'], { cwd: folder });
  vitest.provide('project', folder);
  vitest.provide('tools', tools);
  vitest.provide('tarball', tarball);
  return () => rm(folder, { recursive: true, force: true });
}
