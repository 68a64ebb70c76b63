import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { timestamps } from './folders.js';
import { temporary } from './writer.js';

/** A save writes all the time. What has not changed for so long, in milliseconds, was left by a process that is gone. */
const abandonedAfter = 3_600_000;

/**
 * Removes what was never finished and has not changed for an hour. Process numbers do not tell whose it is: in containers
 * that share the folder every server is process 1.
 */
export async function removeLeftovers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(temporary)) continue;
    const folder = join(root, name);
    if (Date.now() - (await lastChange(folder)) < abandonedAfter) continue;
    await rm(folder, { recursive: true, force: true });
  }
}

/** When anything in a folder changed last, in milliseconds since 1970. */
async function lastChange(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const times = await Promise.all(
    ['.', ...names].map((name) =>
      stat(join(folder, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.max(...times);
}

/** Removes all but the newest saves under a name. */
export async function removeOldSaves(root: string, name: string, keep: number): Promise<void> {
  const folder = join(root, name);
  const saves = (await timestamps(folder)).filter(({ isFolder }) => isFolder);
  for (const { at } of saves.slice(keep)) await rm(join(folder, String(at)), { recursive: true, force: true });
}
