import { readFile } from 'node:fs/promises';
import { member } from '../commands/parameters.js';
import { isObject } from '../json/request.js';
import { readExactly, type WireObject, type WireValue } from '../json/wire.js';
import { type NdbServerOptions, numericFault } from '../options.js';

/** What a configuration file says, or what is wrong with it: a sentence a mistake. */
export type Configuration =
  | { readonly options: NdbServerOptions; readonly mistakes?: undefined }
  | { readonly mistakes: readonly string[] };

/** The version of the file's form that NemesisDB 0.6.4 to 0.7 use. */
const formVersion = 5;

class Reader {
  readonly mistakes: string[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  wrong(what: string): undefined {
    this.mistakes.push(`${this.#file}: ${what}`);
    return undefined;
  }

  text(section: WireObject, name: string, path: string): string | undefined {
    const value = member(section, name);
    return typeof value === 'string' && value !== '' ? value : this.wrong(`"${path}" must be a text, and not empty.`);
  }

  number(section: WireObject, name: 'port' | 'maxPayload'): number | undefined {
    const value = member(section, name);
    if (typeof value !== 'number') return this.wrong(`"${name}" must be a whole number.`);
    const fault = numericFault(name, value);
    return fault === undefined ? value : this.wrong(fault);
  }

  /** The folder of a section that says whether to save, and where. */
  folder(section: WireValue, path: string): string | undefined {
    if (!isObject(section)) return this.wrong(`"${path}" must be an object with "enabled" and "path".`);
    this.onlyMembers(section, ['enabled', 'path'], `${path}.`);
    const [enabled, folder] = [member(section, 'enabled'), member(section, 'path')];
    if (typeof enabled !== 'boolean') this.wrong(`"${path}.enabled" must be true or false.`);
    if (typeof folder === 'string' && (folder !== '' || enabled === false)) return enabled ? folder : undefined;
    return this.wrong(`"${path}.path" must be a text${enabled === false ? '' : ', and not empty'}.`);
  }

  /** Tells of members that nothing reads: mostly one that is misspelt, in the place of one that is missing. */
  onlyMembers(section: WireObject, known: readonly string[], path = ''): void {
    for (const name of Object.keys(section)) {
      if (!known.includes(name))
        this.wrong(`${JSON.stringify(path + name)} is unknown; known are ${known.join(', ')}.`);
    }
  }
}

const members = ['version', 'core', 'sessionsEnabled', 'ip', 'port', 'maxPayload', 'persist'];
/** Those of before 0.7, which had a section of settings for each kind. */
const earlierMembers = ['kv', 'sessions'];

/** Where to save: in 0.7 in one section, which it refuses to start without; before it in one of each kind. */
function persistFolder(reader: Reader, root: WireObject): string | undefined {
  const section = member(root, 'persist');
  if (section !== undefined) return reader.folder(section, 'persist');
  if (!earlierMembers.some((kind) => member(root, kind) !== undefined)) {
    return reader.wrong('"persist" is missing: an object with "enabled" and "path".');
  }
  const folders = ['kv', 'sessions'].flatMap((kind) => {
    const parent = member(root, kind);
    const save = isObject(parent) ? member(parent, 'save') : undefined;
    return save === undefined ? [] : (reader.folder(save, `${kind}.save`) ?? []);
  });
  return folders[0];
}

/** Reads the text of a configuration file of NemesisDB: JSON with comments. */
export function readConfiguration(text: string, file: string): Configuration {
  const reader = new Reader(file);
  let root: WireValue;
  try {
    root = readExactly(text);
  } catch {
    return { mistakes: [`${file}: this is not JSON (comments are allowed, a comma before a closing brace is not).`] };
  }
  if (!isObject(root)) return { mistakes: [`${file}: the file must hold one object.`] };
  if (member(root, 'version') !== formVersion) {
    reader.wrong(`"version" must be ${formVersion}, the form that NemesisDB 0.6.4 to 0.7 read.`);
  }
  const core = member(root, 'core');
  if (core !== undefined && !(typeof core === 'number' && Number.isInteger(core) && core >= 0))
    reader.wrong('"core" must be a whole number (it has no effect here).');
  reader.onlyMembers(root, [...members, ...earlierMembers]);
  const options: NdbServerOptions = {
    host: reader.text(root, 'ip', 'ip'),
    port: reader.number(root, 'port'),
    maxPayload: reader.number(root, 'maxPayload'),
    persist: persistFolder(reader, root),
  };
  return reader.mistakes.length === 0 ? { options } : { mistakes: reader.mistakes };
}

/** Reads a configuration file of NemesisDB, form version 5. */
export async function readConfigurationFile(file: string): Promise<Configuration> {
  try {
    return readConfiguration(await readFile(file, 'utf8'), file);
  } catch {
    return { mistakes: [`${file}: the file can't be read.`] };
  }
}
