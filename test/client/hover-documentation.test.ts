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

const calls = [
  "client.sh_get(1n, { key: 'a' })",
  "client.get(1n, { keys: ['a'] })",
  "client.kv_get({ key: 'a' })",
  'client.end_all()',
  'client.sh_set(1n, { a: 1 })',
  'client.sh_create_session({ durationSeconds: 1 })',
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
    "import { NdbClient, type NdbClientOptions } from '../../src/index.js';",
    'declare const client: NdbClient;',
    'declare const options: NdbClientOptions;',
    ...names.map((name) => `client.${name};`),
    ...calls.map((call) => `${call};`),
    ...options.map((name) => `options.${name};`),
    "client.get(1n, { kye: 'a' });",
    "client.kv_get({ kye: 'a' });",
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

  it('the documentation of a command names what it sends', () => {
    for (const [name, { command }] of Object.entries(commands)) {
      expect(hoverOf(`client.${name};`, name), name).toContain(command);
    }
  });

  it.each(calls)('a call has documentation: %s', (call) => {
    const method = /client\.(\w+)/.exec(call)?.[1] ?? '';
    expect(hoverOf(`${call};`, method)).toMatch(/[A-Z]{2}_[A-Z]+/);
  });

  it.each(options)('the option %s has documentation with its default', (name) => {
    expect(hoverOf(`options.${name};`, name)).toMatch(/Default/);
  });

  it('a mistyped key is compared with key', () => {
    const errors = service
      .getSemanticDiagnostics(file)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
      .filter((message) => message.includes('kye'));
    expect(errors.length).toBe(2);
    for (const message of errors) {
      expect(message).toContain("'kye' does not exist in type '{ readonly key: string; }'");
      expect(message).not.toContain("'keys'");
    }
  });
}, 120_000);
