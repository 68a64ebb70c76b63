import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { firstValueFrom, from, lastValueFrom, mergeMap, type Observable } from 'rxjs';
import type { JsonValue, NdbClient } from '../../index.js';
import { parseJson, writeJson } from '../../protocol/json.js';
import { CommandFailure, exitStatus } from '../exit-status.js';
import { line, type Output, type Status, status } from '../output.js';

/** How many keys are read or written between two looks at the progress. */
const batchSize = 500;

/** How many sets are in flight at once. */
const concurrency = 64;

/** Writes all keys at the top level to a file, or to stdout for `-`: a line of JSON for each, with `key` and `value`. */
export function exportKeys(client: NdbClient, file: string, force: boolean): Observable<Output> {
  return from(exported(client, file, force));
}

/** Sets the keys of a file that `exportKeys` wrote, or of stdin for `-`. */
export function importKeys(client: NdbClient, file: string): Observable<Output> {
  return from(imported(client, file));
}

async function* exported(client: NdbClient, file: string, force: boolean): AsyncGenerator<Output> {
  const keys = await firstValueFrom(client.kv_keys());
  const sink = file === '-' ? toStdout : await toFile(file, force);
  try {
    for (let done = 0; done < keys.length; done += batchSize) {
      yield progress('exported', done, keys.length);
      const values = await firstValueFrom(client.kv_get({ keys: keys.slice(done, done + batchSize) }));
      const lines = Object.entries(values).map(([key, value]) => `${writeJson({ key, value })}\n`);
      await sink.write(lines.join(''));
    }
    await sink.finish();
  } catch (error) {
    await sink.discard();
    throw error;
  }
  if (file !== '-') yield line({ exported: keys.length, file }, `${keys.length} keys exported to ${file}.`);
}

async function* imported(client: NdbClient, file: string): AsyncGenerator<Output> {
  const size = file === '-' ? undefined : await sizeOf(file);
  const input = file === '-' ? process.stdin : createReadStream(file);
  let bytes = 0;
  let done = 0;
  let number = 0;
  let batch: Record<string, JsonValue>[] = [];
  const flush = async () => {
    await lastValueFrom(from(batch).pipe(mergeMap((keys) => client.kv_set(keys), concurrency)), {
      defaultValue: undefined,
    });
    done += batch.length;
    batch = [];
  };
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    bytes += Buffer.byteLength(text) + 1;
    if (text.trim() === '') continue;
    batch.push(readEntry(text, number));
    if (batch.length < batchSize) continue;
    await flush();
    yield size === undefined ? status(`${done} keys imported`) : progress('imported', done, undefined, bytes / size);
  }
  await flush();
  yield line({ imported: done }, `${done} keys imported.`);
}

function readEntry(text: string, number: number): Record<string, JsonValue> {
  try {
    const entry = parseJson(text);
    if (typeof entry === 'object' && entry !== null && !Array.isArray(entry)) {
      const { key, value } = entry;
      if (typeof key === 'string' && value !== undefined) return { [key]: value };
    }
  } catch {
    // The failure below covers this too.
  }
  throw new CommandFailure(
    `Line ${number} is not a JSON object with "key" and "value". The lines before it are imported.`,
    'NDB_VALUE',
    exitStatus.usage,
  );
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    throw fileFailure(`${file} can't be read`, error);
  }
}

interface Sink {
  write(text: string): Promise<unknown>;
  finish(): Promise<unknown>;
  discard(): Promise<unknown>;
}

const toStdout: Sink = {
  write: async (text) => process.stdout.write(text) || once(process.stdout, 'drain'),
  finish: async () => {},
  discard: async () => {},
};

/** A file that appears under its name when it is complete. */
async function toFile(file: string, force: boolean): Promise<Sink> {
  if (!force && (await exists(file)))
    throw new CommandFailure(`${file} exists. Replace it with --force.`, 'FILE_EXISTS', exitStatus.usage);
  const partial = `${file}.partial`;
  const handle = await open(partial, 'w').catch((error) => {
    throw fileFailure(`${file} can't be written`, error);
  });
  return {
    write: (text) => handle.appendFile(text),
    finish: () => handle.close().then(() => rename(partial, file)),
    discard: () => handle.close().then(() => rm(partial, { force: true })),
  };
}

const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );

function fileFailure(what: string, error: unknown): CommandFailure {
  return new CommandFailure(`${what}: ${error instanceof Error ? error.message : error}.`, 'FILE', exitStatus.usage);
}

function progress(what: string, done: number, total?: number, share = done / (total ?? 1)): Status {
  const width = 24;
  const filled = Math.min(width, Math.round(share * width));
  const count = total === undefined ? `${done}` : `${done} of ${total}`;
  return status(`[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${count} keys ${what}`);
}
