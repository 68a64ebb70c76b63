import { readFile } from 'node:fs/promises';
import type { NdbServerOptions } from '../options.js';

/** The flags that name files with secrets: a command line itself can be seen by every user of the machine. */
export interface SecretFiles {
  readonly 'bearer-token-file': string | undefined;
  readonly 'tls-cert': string | undefined;
  readonly 'tls-key': string | undefined;
}

/** What the files hold, and a sentence for each mistake. */
export async function readSecrets(files: SecretFiles): Promise<{ options: NdbServerOptions; mistakes: string[] }> {
  const options: NdbServerOptions = {};
  const mistakes: string[] = [];
  const read = async (flag: keyof SecretFiles) => {
    const file = files[flag];
    if (file === undefined) return undefined;
    return readFile(file, 'utf8').catch(() => void mistakes.push(`--${flag}: ${file} can't be read.`));
  };
  const tokens = await read('bearer-token-file');
  const cert = await read('tls-cert');
  const key = await read('tls-key');
  if (tokens !== undefined) options.bearerToken = tokens.split(/\s+/).filter((token) => token !== '');
  if (options.bearerToken?.length === 0) mistakes.push('--bearer-token-file holds no token.');
  if ((files['tls-cert'] === undefined) !== (files['tls-key'] === undefined))
    mistakes.push('--tls-cert and --tls-key need each other.');
  if (cert !== undefined && key !== undefined) options.tls = { cert, key };
  return { options, mistakes };
}
