import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/protocol/commands.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const file = `${root}test/client/a-program.ts`;

/** TypeScript's language service over a program of this text, as an editor runs it. */
function editor(text: string) {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  return ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot(name) {
      if (name === file) return ts.ScriptSnapshot.fromString(text);
      return ts.sys.fileExists(name) ? ts.ScriptSnapshot.fromString(readFileSync(name, 'utf8')) : undefined;
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
}

const names = [
  ...Object.keys(commands),
  ...Object.keys(commands)
    .filter((name) => name.startsWith('sh_') && name !== 'sh_create_session')
    .map((name) => name.slice('sh_'.length)),
  ...['open', 'close', 'session', 'connection$', 'activity$', 'sessionEvents$'],
];

const ofSessions = [
  ...[
    'tkn',
    'token',
    'isValid',
    'events$',
    'extended$',
    'expiring$',
    'expired$',
    'ended$',
    'over$',
    'lapsed$',
    'state$',
  ],
  ...[
    'remaining$',
    'keepAlive',
    'set',
    'add',
    'get',
    'rmv',
    'count',
    'contains',
    'keys',
    'clear',
    'clear_set',
    'end',
    'info',
  ],
];

const calls = [
  "client.sh_get(1n, { key: 'a' })",
  "client.get(1n, { keys: ['a'] })",
  "client.kv_get({ key: 'a' })",
  'client.end_all()',
  'client.sh_set(1n, { a: 1 })',
  'client.sh_create_session({ durationSeconds: 1 })',
  "session.get({ key: 'user' })",
  "session.get({ keys: ['user'] })",
];
const options = [
  'timeout',
  'retry',
  'maxPayload',
  'maxInFlight',
  'reconnect',
  'heartbeat',
  'asyncStackTraces',
  'clock',
];

describe('in an editor', () => {
  const lines = [
    "import type { NdbClient, NdbClientOptions, Session } from '../../src/index.js';",
    'declare const client: NdbClient;',
    'declare const session: Session<{ user: string }>;',
    'declare const options: NdbClientOptions;',
    ...names.map((name) => `client.${name};`),
    ...ofSessions.map((name) => `session.${name};`),
    ...calls.map((call) => `${call};`),
    ...options.map((name) => `options.${name};`),
    "client.get(1n, { kye: 'a' });",
    "client.kv_get({ kye: 'a' });",
    "session.get({ key: 'usr' });",
  ];
  const text = lines.join('\n');
  const service = editor(text);

  /** What is shown when the pointer is on the first occurrence of a member. */
  function hoverOf(line: string, word: string): string {
    const at = text.indexOf(`\n${line}`) + 1 + line.indexOf(word);
    return ts.displayPartsToString(service.getQuickInfoAtPosition(file, at)?.documentation);
  }

  it('every method and stream of the client has documentation', () => {
    const undocumented = names.filter((name) => hoverOf(`client.${name};`, name).length < 40);
    expect(undocumented).toEqual([]);
  });

  it('every method and stream of a session has documentation', () => {
    const undocumented = ofSessions.filter((name) => hoverOf(`session.${name};`, name).length < 20);
    expect(undocumented).toEqual([]);
  });

  it('the documentation of a command names what it sends', () => {
    for (const [name, { command }] of Object.entries(commands)) {
      expect(hoverOf(`client.${name};`, name), name).toContain(command);
    }
  });

  it.each(calls)('a call has documentation: %s', (call) => {
    const method = /\.(\w+)/.exec(call)?.[1] ?? '';
    expect(hoverOf(`${call};`, method)).toMatch(/[A-Z]{2}_[A-Z]+/);
  });

  it.each(options)('the option %s has documentation with its default', (name) => {
    expect(hoverOf(`options.${name};`, name)).toMatch(/Default/);
  });

  it('a mistyped query is compared with key', () => {
    const errors = service
      .getSemanticDiagnostics(file)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
      .filter((message) => /kye|usr/.test(message));
    expect(errors.length).toBe(3);
    for (const message of errors) expect(message).not.toContain("'keys'");
    expect(errors[2]).toContain('Type \'"usr"\' is not assignable to type \'"user"\'');
  });
}, 120_000);
