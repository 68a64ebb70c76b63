import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The description of a dataset of keys that is complete, and of one of sessions. */
export const complete = '{"complete":2,"name":"ds","saveDataType":0,"start":1,"status":1,"version":2}';
export const completeSessions = complete.replace('"saveDataType":0', '"saveDataType":1');

/** A session as NemesisDB saves it. */
export const savedSession =
  '{"keys":{"a":1},"sh":{"expiry":{"deleteSession":false,"duration":0,"extendOnGet":false,"extendOnSetAdd":false},"shared":false,"tkn":5}}';

/** Writes a dataset named `ds` as NemesisDB does; gives its folder. */
export async function writeByHand(
  folder: string,
  timestamp: string,
  description: string | undefined,
  files: readonly (string | Buffer)[],
): Promise<string> {
  const root = join(folder, 'ds', timestamp);
  await mkdir(join(root, 'md'), { recursive: true });
  await mkdir(join(root, 'data'));
  if (description !== undefined) await writeFile(join(root, 'md', 'md.json'), description);
  for (const [index, text] of files.entries()) await writeFile(join(root, 'data', String(index)), text);
  return root;
}
