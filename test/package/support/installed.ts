import { execFile } from 'node:child_process';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';

const programs = fileURLToPath(new URL('../programs', import.meta.url));

/** Where the packed package is installed. */
export const project = inject('project');

/** The file of a tool, such as `rollup/dist/bin/rollup`. */
export const tool = (path: string): string => join(inject('tools'), 'node_modules', path);

/**
 * Runs a command in the project and returns what it printed. Rejects if it exits with a status other than 0; the error
 * holds its output.
 */
export function run(command: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    // NODE_OPTIONS and the rest of vitest's environment would make this another program than its users run.
    const { PATH, HOME, TMPDIR } = process.env;
    execFile(
      command,
      args,
      { cwd: project, env: { PATH, HOME, TMPDIR }, timeout: 100_000 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout.trim());
        else reject(new Error(`${command} ${args.join(' ')}\n${error.message}\n${stdout}\n${stderr}`));
      },
    );
  });
}

/** Runs a tool that is a script for Node. */
export const runTool = (path: string, ...args: readonly string[]) => run(process.execPath, tool(path), ...args);

/** Copies one of the programs into the project, and returns its path there. */
export async function program(name: string, folder = '.'): Promise<string> {
  await mkdir(join(project, folder), { recursive: true });
  const path = join(folder, name);
  await cp(join(programs, name), join(project, path));
  return path;
}

/** Writes a file into the project. */
export async function file(path: string, content: string): Promise<string> {
  await mkdir(join(project, path, '..'), { recursive: true });
  await writeFile(join(project, path), content);
  return path;
}

/** A new folder in the project. Without an extension of their own, files in it have this type. */
export async function folder(name: string, type: 'module' | 'commonjs' = 'commonjs'): Promise<string> {
  await rm(join(project, name), { recursive: true, force: true });
  await file(`${name}/package.json`, JSON.stringify({ type }));
  return name;
}
