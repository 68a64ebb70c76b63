import { parseArgs } from 'node:util';
import { ValueError } from '../../errors.js';
import { consoleLog, jsonLog, type LogLevel, logLevels } from '../log.js';
import { isOrigin } from '../network/origins.js';
import { faultOf, type NdbServerOptions } from '../options.js';
import { NdbServer } from '../server.js';
import { type Store, StoreUnavailable } from '../store/store.js';
import { readConfigurationFile } from './config-file.js';
import { readSecrets } from './secrets.js';

const usage = `rx-nemesisdb-server: a server that speaks NemesisDB's protocol, from memory.

  --host ADDRESS          where to listen (default 127.0.0.1: this machine only)
  --port PORT             default 1987; 0: any that is free
  --max-payload BYTES     longest request (default 1024, as NemesisDB is shipped); K, M and G are understood
  --persist DIR           save datasets in this folder, which must exist (default: saving is off)
  --load NAME             load this dataset before answering
  --autosave MS           save everything this often and on SIGTERM, and load it at the start (needs --persist)
  --keep-saves N          saves to keep under one name (default: all; 2 with --autosave)
  --sweep-interval MS     time between two sweeps for expired sessions (default 5000)
  --allow-origin ORIGIN   let browser pages of this origin connect, or * for any; may be repeated
  --watch-all             let clients watch all sessions, which reveals their tokens
  --bearer-token-file F   clients must send one of the tokens in this file, one a line
  --tls-cert F, --tls-key F  speak TLS with this certificate and key, in PEM
  --max-connections N     default 10000
  --store URL             keep sessions in Redis or Valkey, version 7: redis://HOST:PORT, or a cluster by some of its
                          nodes: redis+cluster://HOST:PORT,HOST:PORT (default: in memory); needs the package ioredis
  --max-memory BYTES      bound for keys and sessions; K, M and G are understood (default: half of the memory)
  --config FILE           NemesisDB's own configuration, version 5; the options above override it
  --log LEVEL             ${logLevels.join(', ')} (default warn)
  --log-format FORMAT     text or json (default text)
  --help
`;

const flags = {
  host: { type: 'string' },
  port: { type: 'string' },
  'max-payload': { type: 'string' },
  persist: { type: 'string' },
  load: { type: 'string' },
  autosave: { type: 'string' },
  'keep-saves': { type: 'string' },
  'sweep-interval': { type: 'string' },
  'allow-origin': { type: 'string', multiple: true },
  'watch-all': { type: 'boolean' },
  'bearer-token-file': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'max-connections': { type: 'string' },
  'max-memory': { type: 'string' },
  store: { type: 'string' },
  config: { type: 'string' },
  log: { type: 'string' },
  'log-format': { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** The flags that are numbers, and the option that each sets; those of bytes may have a unit. */
const numericFlags = [
  ['port', 'port', 'count'],
  ['max-payload', 'maxPayload', 'bytes'],
  ['autosave', 'autosave', 'count'],
  ['keep-saves', 'keepSaves', 'count'],
  ['sweep-interval', 'sweepInterval', 'count'],
  ['max-connections', 'maxConnections', 'count'],
  ['max-memory', 'maxMemory', 'bytes'],
] as const;

const multiples: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

function readNumber(text: string, kind: 'count' | 'bytes'): number {
  const [, digits, unit = ''] = (kind === 'bytes' ? /^(\d+)([KMG]?)$/ : /^(\d+)$/).exec(text) ?? [];
  return digits === undefined ? Number.NaN : Number(digits) * (multiples[unit] ?? 1);
}

const isLogLevel = (text: string): text is LogLevel => (logLevels as readonly string[]).includes(text); // any text may be asked for

type Flag = keyof typeof flags;
const isFlag = (name: string): name is Flag => Object.hasOwn(flags, name);

/** The values of each flag, and a sentence for each mistake. (The platform's own check stops at the first mistake.) */
function readFlags(args: readonly string[]): { given: Map<Flag, string[]>; mistakes: string[] } {
  const { tokens } = parseArgs({
    args: [...args],
    options: flags,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<Flag, string[]>();
  const mistakes: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') mistakes.push(`Unexpected argument '${token.value}'. See --help.`);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    if (!isFlag(name)) {
      mistakes.push(`Unknown option '${rawName}'. See --help.`);
    } else if (flags[name].type === 'boolean') {
      if (value === undefined) given.set(name, []);
      else mistakes.push(`Option '${rawName}' takes no argument. See --help.`);
    } else if (value === undefined) {
      mistakes.push(`Option '${rawName}' needs an argument. See --help.`);
    } else if (!inlineValue && value.startsWith('-')) {
      mistakes.push(`Option '${rawName}' argument is ambiguous. See --help.`);
    } else {
      given.set(name, [...(given.get(name) ?? []), value]);
    }
  }
  return { given, mistakes };
}

type Plan = { readonly options: NdbServerOptions } | { readonly help: true } | { readonly mistakes: readonly string[] };

/** The store that a URL names. Its package is loaded only here: most servers keep everything in memory. */
async function openStore(url: string): Promise<Store> {
  const redis = await import('../store/redis/index.js').catch((cause) => {
    throw new ValueError('the package ioredis is needed for it: npm install ioredis.', 'store', { cause });
  });
  return redis.redisStore({ url });
}

/** Reads a command line. */
export async function readCommandLine(args: readonly string[]): Promise<Plan> {
  const { given, mistakes } = readFlags(args);
  if (given.has('help')) return { help: true };
  const last = (flag: Flag) => given.get(flag)?.at(-1);
  const options: NdbServerOptions = { port: 1987 };
  const file = last('config');
  if (file !== undefined) {
    const configuration = await readConfigurationFile(file);
    if (configuration.mistakes) mistakes.push(...configuration.mistakes);
    else Object.assign(options, configuration.options);
  }
  for (const flag of ['host', 'persist', 'load'] as const) {
    const value = last(flag);
    if (value === undefined) continue;
    options[flag] = value;
    if (value === '') mistakes.push(`--${flag} must not be empty.`);
  }
  // If there is a file, it may be meant to name the folder, even if it is wrong.
  for (const flag of ['load', 'autosave', 'keep-saves'] as const) {
    if (given.has(flag) && options.persist === undefined && file === undefined)
      mistakes.push(`--${flag} needs the folder of datasets: name it with --persist.`);
  }
  if (given.has('watch-all')) options.watchAll = true;
  const origins = given.get('allow-origin');
  if (origins !== undefined) options.allowOrigin = origins;
  for (const origin of origins ?? []) {
    if (!isOrigin(origin)) mistakes.push('--allow-origin must be an origin such as https://app.example, or *.');
  }
  for (const [flag, option, kind] of numericFlags) {
    const text = last(flag);
    if (text === undefined) continue;
    options[option] = readNumber(text, kind);
    const fault = faultOf(option, options[option]);
    if (fault !== undefined) mistakes.push(`--${flag} ${fault}.`);
  }
  const secrets = await readSecrets({
    'bearer-token-file': last('bearer-token-file'),
    'tls-cert': last('tls-cert'),
    'tls-key': last('tls-key'),
  });
  Object.assign(options, secrets.options);
  mistakes.push(...secrets.mistakes);
  const level = last('log') ?? 'warn';
  const format = last('log-format') ?? 'text';
  if (format !== 'text' && format !== 'json') mistakes.push('--log-format must be text or json.');
  if (isLogLevel(level)) options.log = format === 'json' ? jsonLog(level) : consoleLog(level);
  else mistakes.push(`--log must be one of ${logLevels.join(', ')}.`);
  const store = last('store');
  if (store !== undefined && mistakes.length === 0) {
    try {
      options.store = await openStore(store);
    } catch (cause) {
      if (!(cause instanceof ValueError)) throw cause;
      mistakes.push(`--store: ${cause.message}`);
    }
  }
  return mistakes.length === 0 ? { options } : { mistakes };
}

/** Says in one sentence why a server could not be started. */
function reasonOf(cause: unknown, { host = '127.0.0.1', port }: NdbServerOptions): string {
  if (cause instanceof ValueError || cause instanceof StoreUnavailable) return cause.message;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${host} is in use: stop what listens there, or choose another with --port.`;
  if (code === 'EACCES')
    return `Port ${port} of ${host} needs rights that this user lacks: choose one above 1023 with --port.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${host} is no address of this machine: choose another with --host.`;
  return `The server could not be started: ${cause instanceof Error ? cause.message : String(cause)}.`;
}

/** Resolves at SIGINT or SIGTERM. Further signals, as of an impatient user, do not cut a save short. */
function stopSignal(): Promise<'stop'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve('stop'));
  });
}

/** Runs the server until SIGINT or SIGTERM. Gives the status to exit with. */
export async function run(args: readonly string[]): Promise<number> {
  // Listened for from the beginning, as a load may take long.
  const stop = stopSignal();
  const plan = await readCommandLine(args);
  if ('help' in plan) {
    process.stdout.write(usage);
    return 0;
  }
  if ('mistakes' in plan) {
    process.stderr.write(plan.mistakes.map((mistake) => `${mistake}\n`).join(''));
    return 1;
  }
  let server: NdbServer | 'stop';
  try {
    server = await Promise.race([NdbServer.listen(plan.options), stop]);
  } catch (cause) {
    process.stderr.write(`${reasonOf(cause, plan.options)}\n`);
    return 1;
  }
  // A load that is cut short has nothing to finish, but would keep the process alive.
  if (server === 'stop') process.exit(0);
  const saving = plan.options.persist === undefined ? 'saving is off' : `datasets in ${plan.options.persist}`;
  process.stdout.write(`Listening on ${server.url} (${saving})\n`);
  await stop;
  await server.close();
  await plan.options.store?.close();
  return 0;
}
