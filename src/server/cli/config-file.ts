import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { readExactly } from '../json/read.js';
import { isObject, type WireObject, type WireValue } from '../json/wire.js';
import { faultOf, type NdbServerOptions } from '../options.js';

/** What a configuration file says, or what is wrong with it, a sentence each. */
export type Configuration =
  | { readonly options: NdbServerOptions; readonly mistakes?: undefined }
  | { readonly mistakes: readonly string[] };

/** The version of the file's form that NemesisDB 0.6.4 to 0.7 use. */
const formVersion = 5;

const is = <Value>(test: (value: unknown) => boolean, error: string) => z.custom<Value>(test, { error });
const string = is<string>((value) => typeof value === 'string' && value !== '', 'must be a non-empty string');
const boolean = is<boolean>((value) => typeof value === 'boolean', 'must be true or false');
const optionNumber = (name: 'port' | 'maxPayload') =>
  z.custom<number>((value) => faultOf(name, value) === undefined, { error: ({ input }) => faultOf(name, input) });

/** An object with these members and no others: an unknown member is mostly a misspelt one. */
function members<const Shape extends Readonly<Record<string, z.core.$ZodType>>>(shape: Shape) {
  const names = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => `${JSON.stringify(key)} is unknown; known are ${names}`).join('. ')
        : `must be an object with ${names}`,
  });
}

const folder = z.pipe(
  members({ enabled: boolean, path: is<string>((value) => typeof value === 'string', 'must be a string') }).check(
    z.refine(({ enabled, path }) => !enabled || path !== '', { path: ['path'], error: 'must be a non-empty string' }),
  ),
  z.transform(({ enabled, path }) => (enabled ? path : undefined)),
);

/** A section of the form before 0.7, which had settings for each kind of data. */
const kindSection = z.optional(z.looseObject({ save: z.optional(folder) }));

const form = members({
  version: is<number>((value) => value === formVersion, `must be ${formVersion}, the form of NemesisDB 0.6.4 to 0.7`),
  core: z.optional(
    is<number>(
      (value) => Number.isInteger(value) && Number(value) >= 0,
      'must be a whole number (it has no effect here)',
    ),
  ),
  sessionsEnabled: z.optional(z.unknown()),
  ip: string,
  port: optionNumber('port'),
  maxPayload: optionNumber('maxPayload'),
  persist: z.optional(folder),
  kv: kindSection,
  sessions: kindSection,
});

/** Whether the form says where to save. NemesisDB refuses to start if it does not. */
function saysWhetherToSave(root: WireObject): boolean {
  return ['persist', 'kv', 'sessions'].some((name) => Object.hasOwn(root, name));
}

/** Reads the text of a configuration file of NemesisDB: JSON with comments. */
export function readConfiguration(text: string, file: string): Configuration {
  let root: WireValue;
  try {
    root = readExactly(text, { commentsAfter: true });
  } catch {
    return { mistakes: [`${file}: this is not JSON (comments are allowed, a comma before a closing brace is not).`] };
  }
  if (!isObject(root)) return { mistakes: [`${file}: the file must hold one object.`] };
  const { data, error } = form.safeParse(root);
  const mistakes = (error?.issues ?? []).map(({ path, message, code }) =>
    code === 'unrecognized_keys' ? `${file}: ${message}.` : `${file}: "${path.join('.')}" ${message}.`,
  );
  if (!saysWhetherToSave(root)) mistakes.push(`${file}: "persist" must be an object with enabled, path.`);
  if (data === undefined || mistakes.length > 0) return { mistakes };
  const { ip: host, port, maxPayload, persist, kv, sessions } = data;
  return { options: { host, port, maxPayload, persist: persist ?? kv?.save ?? sessions?.save } };
}

/** Reads a configuration file of NemesisDB, form version 5. */
export async function readConfigurationFile(file: string): Promise<Configuration> {
  try {
    return readConfiguration(await readFile(file, 'utf8'), file);
  } catch {
    return { mistakes: [`${file}: the file can't be read.`] };
  }
}
