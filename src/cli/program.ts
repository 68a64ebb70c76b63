import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { defer, endWith, fromEvent, lastValueFrom, map, merge, type Observable, takeWhile, tap } from 'rxjs';
import { exportKeys, importKeys } from './commands/datasets.js';
import { getKeys, listKeys, setKey } from './commands/keys.js';
import { showServer, showSession } from './commands/server.js';
import { createSession, endSession, type NewSessionOptions } from './commands/sessions.js';
import { watchSession } from './commands/watch.js';
import { sendRequest, watchAll } from './commands/wire.js';
import { type ConnectOptions, connected } from './connect.js';
import { CommandFailure, exitStatus, failureOf } from './exit-status.js';
import { type Output, Printer, painter } from './output.js';

interface GlobalOptions extends ConnectOptions {
  readonly json: boolean;
}

/** What a command line asks for. */
interface Plan {
  readonly json: boolean;
  readonly output$: Observable<Output>;
}

const examples = `
Examples:
  $ rx-nemesisdb serve                                start a server to try it on
  $ rx-nemesisdb new --duration 60 --extend-on-get    create a session and print its token
  $ rx-nemesisdb set cart '["apple"]' --session TOKEN
  $ rx-nemesisdb watch TOKEN                          see what happens to it, as it happens
  $ rx-nemesisdb export - | gzip > keys.jsonl.gz
  $ rx-nemesisdb info --json --url ws://10.0.0.5:1987/

Exit status: 0 success, 1 the server refused or has no such key, 2 wrong arguments, 3 no server or no answer.
`;

/** Runs a command line. Resolves with the status for the process, once the command is done or interrupted. */
export async function run(args: readonly string[]): Promise<number> {
  if (args[0] === 'serve') {
    // The server is loaded only here, and has its own options.
    const server = await import('../server/cli/arguments.js');
    return server.run(args.slice(1));
  }
  const plan = await readCommandLine(args);
  return typeof plan === 'number' ? plan : execute(plan);
}

/** Prints what a command emits, until it completes or Ctrl+C is pressed. */
async function execute({ json, output$ }: Plan): Promise<number> {
  const printer = new Printer(process, json);
  const interrupted$ = fromEvent(process, 'SIGINT').pipe(
    map((): never => {
      throw new CommandFailure('Interrupted.', 'INTERRUPTED', exitStatus.interrupted);
    }),
  );
  const printed$ = merge(output$.pipe(endWith(undefined)), interrupted$).pipe(
    takeWhile((output) => output !== undefined),
    tap((output) => printer.print(output)),
  );
  try {
    await lastValueFrom(printed$, { defaultValue: undefined });
    printer.clear();
    return exitStatus.success;
  } catch (error) {
    const failure = failureOf(error);
    printer.fail(failure);
    return failure.status;
  }
}

/** Reads a command line. A number: nothing is left to do but to end with this status. */
async function readCommandLine(args: readonly string[]): Promise<Plan | number> {
  let plan: Plan | undefined;
  const program = commandLine((options, output$) => {
    plan = { json: options.json, output$: defer(output$) };
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitStatus.success : exitStatus.usage;
  }
  return plan ?? exitStatus.usage;
}

/** All commands, with their options and help. `plan` is given what the command line asks for. */
function commandLine(plan: (options: GlobalOptions, output$: () => Observable<Output>) => void): Command {
  const paint = painter(process.stdout);
  const program = new Command('rx-nemesisdb')
    .description('Talks to a NemesisDB: sessions that expire, and keys with JSON values.')
    .option('--url <url>', 'the server', process.env.NDB_URL ?? 'ws://127.0.0.1:1987/')
    .option('--timeout <ms>', 'how long to wait for the server', positive, 5000)
    .option('--max-payload <bytes>', "the server's own maxPayload, if it does not announce it", positive)
    .option('--json', 'print JSON lines', false)
    .addHelpText('after', examples)
    .exitOverride()
    .showSuggestionAfterError();

  const command = (name: string, description: string) =>
    program.command(name).description(description).exitOverride().showHelpAfterError('See --help.');
  const options = () => program.opts<GlobalOptions>();
  /** Plans a command that needs a client. */
  const onClient = (run: Parameters<typeof connected>[1]) => plan(options(), () => connected(options(), run));
  const session = ['-s, --session <token>', 'the keys of this session instead of those at the top level'] as const;

  command('info', 'show the version of the server and what it holds, or how a session expires')
    .argument('[token]', 'a session')
    .action((tkn?: string) =>
      onClient((client) => (tkn === undefined ? showServer(client, options().url) : showSession(client, tkn))),
    );
  command('new', 'create a session and print its token')
    .option('--duration <seconds>', 'how long it lives; 0: for ever', seconds, 0)
    .option('--delete-on-expire', 'delete it when it expires, instead of clearing its keys')
    .option('--extend-on-get', 'begin its duration anew with every get')
    .option('--extend-on-set', 'begin its duration anew with every set or add')
    .action((given: NewSessionOptions) => onClient((client) => createSession(client, given)));
  command('end', 'end a session')
    .argument('<token>')
    .action((tkn: string) => onClient((client) => endSession(client, tkn)));
  command('get', 'print the value of a key as JSON, or an object of several')
    .argument('<key...>')
    .option(...session)
    .action((keys: string[], given) => onClient((client) => getKeys(client, keys, given)));
  command('set', 'set a key')
    .argument('<key>')
    .argument('<value>', 'JSON; anything else is a string')
    .option(...session)
    .action((key: string, value: string, given) => onClient((client) => setKey(client, key, value, given)));
  command('keys', 'print the names of all keys')
    .option(...session)
    .action((given) => onClient((client) => listKeys(client, given)));
  command('watch', 'show what happens to a session, until it is gone')
    .argument('[token]')
    .option('--all', 'all sessions of a server that pushes events (started with --watch-all)')
    .action((tkn: string | undefined, { all }: { all?: boolean }, self: Command) => {
      if ((tkn === undefined) === (all === undefined)) self.error('error: give a token, or --all. See --help.');
      if (tkn === undefined) plan(options(), () => watchAll(options(), paint));
      else onClient((client) => watchSession(client, tkn, paint));
    });
  command('request', 'send a request as it stands, and print the reply as it stands')
    .argument('<json>', 'such as \'{"KV_COUNT":{}}\'')
    .action((request: string) => plan(options(), () => sendRequest(options(), request)));
  command('export', 'write all keys at the top level, a line of JSON for each')
    .argument('[file]', 'a file, or - for stdout', '-')
    .option('--force', 'replace the file if it exists', false)
    .action((file: string, { force }: { force: boolean }) => onClient((client) => exportKeys(client, file, force)));
  command('import', 'set the keys of an exported file')
    .argument('[file]', 'a file, or - for stdin', '-')
    .action((file: string) => onClient((client) => importKeys(client, file)));
  command('serve', 'start a server (see serve --help)');
  return program;
}

function positive(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('It must be a whole number, 1 or more.');
}

function seconds(value: string): number {
  const number = Number(value);
  if (value !== '' && Number.isInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError('It must be a whole number of seconds, 0 or more.');
}
