import { parseArgs } from 'node:util';
import { ValueError } from '../errors.js';
import { readConfigurationFile } from './config-file.js';
import { consoleLog, type LogLevel, logLevels } from './log.js';
import { type NdbServerOptions, numericFault } from './options.js';
import { NdbServer } from './server.js';

const usage = `rx-nemesisdb-server: a server that speaks NemesisDB's protocol, from memory.

  --host ADDRESS          where to listen (default 127.0.0.1: this machine only)
  --port PORT             default 1987; 0: any that is free
  --max-payload BYTES     longest request (default 1024, as NemesisDB is shipped)
  --persist DIR           save datasets in this folder, which must exist (default: saving is off)
  --load NAME             load this dataset before answering
  --sweep-interval MS     time between two looks for expired sessions (default 5000)
  --allow-origin ORIGIN   let browser pages of this origin connect, or * for any; may be repeated
  --max-connections N     default 10000
  --max-memory BYTES      bound for keys and sessions; K, M and G are understood (default: none)
  --config FILE           NemesisDB's own configuration, version 5; the options above go before it
  --log LEVEL             ${logLevels.join(', ')} (default warn)
  --help
`;

const flags = {
  host: { type: 'string' },
  port: { type: 'string' },
  'max-payload': { type: 'string' },
  persist: { type: 'string' },
  load: { type: 'string' },
  'sweep-interval': { type: 'string' },
  'allow-origin': { type: 'string', multiple: true },
  'max-connections': { type: 'string' },
  'max-memory': { type: 'string' },
  config: { type: 'string' },
  log: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** The flags that are numbers, and the option that each sets. */
const numericFlags = [
  ['port', 'port'],
  ['max-payload', 'maxPayload'],
  ['sweep-interval', 'sweepInterval'],
  ['max-connections', 'maxConnections'],
  ['max-memory', 'maxMemory'],
] as const;

const multiples: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

function readNumber(text: string): number {
  const [, digits, unit = ''] = /^(\d+)([KMG]?)$/.exec(text) ?? [];
  return digits === undefined ? Number.NaN : Number(digits) * (multiples[unit] ?? 1);
}

const isLogLevel = (text: string): text is LogLevel => (logLevels as readonly string[]).includes(text); // any text may be asked for

type Plan = { readonly options: NdbServerOptions } | { readonly help: true } | { readonly mistakes: readonly string[] };

/** What a command line asks for. */
export async function readCommandLine(args: readonly string[]): Promise<Plan> {
  let values: ReturnType<typeof parseFlags>;
  try {
    values = parseFlags(args);
  } catch (cause) {
    // The platform's own advice follows in further sentences and lines.
    return { mistakes: [`${cause instanceof Error ? cause.message.split(/\.\s/)[0] : String(cause)}. See --help.`] };
  }
  if (values.help) return { help: true };
  const mistakes: string[] = [];
  const options: NdbServerOptions = { port: 1987 };
  if (values.config !== undefined) {
    const configuration = await readConfigurationFile(values.config);
    if (configuration.mistakes) mistakes.push(...configuration.mistakes);
    else Object.assign(options, configuration.options);
  }
  if (values.host !== undefined) options.host = values.host;
  if (values.persist !== undefined) options.persist = values.persist;
  if (values.load !== undefined) options.load = values.load;
  if (values['allow-origin'] !== undefined) options.allowOrigin = values['allow-origin'];
  for (const [flag, option] of numericFlags) {
    const text = values[flag];
    if (text === undefined) continue;
    options[option] = readNumber(text);
    const fault = numericFault(option, options[option]);
    if (fault !== undefined) mistakes.push(`--${flag}: ${fault}`);
  }
  const level = values.log ?? 'warn';
  if (isLogLevel(level)) options.log = consoleLog(level);
  else mistakes.push(`--log must be one of ${logLevels.join(', ')}.`);
  return mistakes.length === 0 ? { options } : { mistakes };
}

function parseFlags(args: readonly string[]) {
  return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }).values;
}

/** Why a server could not be started, in one sentence. */
function reasonOf(cause: unknown, { host = '127.0.0.1', port }: NdbServerOptions): string {
  if (cause instanceof ValueError) return cause.message;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${host} is in use: stop what listens there, or choose another with --port.`;
  if (code === 'EACCES')
    return `Port ${port} of ${host} needs rights that this user lacks: choose one above 1023 with --port.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${host} is no address of this machine: choose another with --host.`;
  return `The server could not be started: ${cause instanceof Error ? cause.message : String(cause)}.`;
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

/** Runs the server until it is told to stop; gives the status to end with. */
export async function run(args: readonly string[]): Promise<number> {
  const plan = await readCommandLine(args);
  if ('help' in plan) {
    process.stdout.write(usage);
    return 0;
  }
  if ('mistakes' in plan) {
    process.stderr.write(plan.mistakes.map((mistake) => `${mistake}\n`).join(''));
    return 1;
  }
  let server: NdbServer;
  try {
    server = await NdbServer.listen(plan.options);
  } catch (cause) {
    process.stderr.write(`${reasonOf(cause, plan.options)}\n`);
    return 1;
  }
  const saving = plan.options.persist === undefined ? 'saving is off' : `datasets in ${plan.options.persist}`;
  const stop = stopSignal();
  process.stdout.write(`Listening on ${server.url} (${saving})\n`);
  await stop;
  await server.close();
  return 0;
}
