import { readFileSync } from 'node:fs';
import { parse } from 'lossless-json';
import { WebSocket } from 'ws';

/** One step of a transcript: a frame and the recorded reply, or a wait. */
export interface Step {
  readonly send?: string;
  readonly sendBinary?: string;
  readonly expect?: string;
  readonly sleep?: number;
  /** Keeps the token of this reply under a name. */
  readonly capture?: string;
  /** Members whose order does not count. */
  readonly unordered?: readonly string[];
  /** How far `remaining` may be off. */
  readonly round?: { readonly remaining?: number };
}

/** A recorded conversation with a NemesisDB 0.7.2. */
export interface Transcript {
  readonly name: string;
  readonly needs?: readonly string[];
  readonly slow?: boolean;
  readonly steps: readonly Step[];
}

/** All transcripts of the repository. */
export function readTranscripts(): Transcript[] {
  return ['nemesisdb-0.7.jsonl', 'nemesisdb-0.7-second.jsonl'].flatMap((name) => {
    const file = new URL(`../conformance/${name}`, import.meta.url);
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Transcript); // recorded in this form
  });
}

/** A connection that asks one thing at a time. */
export class Line implements Disposable {
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async open(url: string): Promise<Line> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new Line(socket);
  }

  ask(frame: string | Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      const closed = (code: number) => reject(new Error(`closed with ${code} instead of a reply`));
      this.#socket.once('close', closed);
      this.#socket.once('message', (data) => {
        this.#socket.off('close', closed);
        resolve(String(data));
      });
      this.#socket.send(frame);
    });
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}

/** Empties a server, as before each transcript. */
export async function empty(url: string): Promise<void> {
  using line = await Line.open(url);
  await line.ask('{"SH_END_ALL":{}}');
  await line.ask('{"KV_CLEAR":{}}');
}

type Value = null | boolean | number | bigint | string | Value[] | { [name: string]: Value };
type Members = { [name: string]: Value };

const isMembers = (value: Value | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNumber = (value: Value): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';

/** Reads a reply with integers exact. */
function decode(text: string): Value {
  const parseNumber = (digits: string) => (/^-?\d+$/.test(digits) ? BigInt(digits) : Number(digits));
  return parse(text, undefined, { parseNumber }) as Value; // `unknown`, but made of these
}

/** Equal as JSON: members without order, numbers by value, integers exactly. */
function same(a: Value, b: Value): boolean {
  if (isNumber(a) && isNumber(b)) return typeof a === typeof b ? a === b : Number(a) === Number(b);
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => same(item, b[index] ?? null));
  }
  if (!isMembers(a) || !isMembers(b)) return a === b;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && same(a[name] ?? null, b[name] ?? null));
}

/** Takes out of a reply what differs from run to run. */
function level(reply: Value, { unordered = [] }: Step): void {
  const [[name, body] = ['', null]] = isMembers(reply) ? Object.entries(reply) : [];
  if (!isMembers(body)) return;
  if ('duration' in body && /(SAVE|LOAD)_RSP$/.test(name)) body.duration = 0;
  if ('serverVersion' in body) body.serverVersion = '';
  for (const member of unordered) {
    const list = body[member];
    if (Array.isArray(list)) list.sort((a, b) => (String(a) < String(b) ? -1 : 1));
  }
}

/** Makes `remaining` what was expected, where it is near enough. */
function levelRemaining(wanted: Value, got: Value, { round }: Step): void {
  const expiryOf = (reply: Value) => {
    const body = isMembers(reply) ? Object.values(reply)[0] : undefined;
    const expiry = isMembers(body) ? body.expiry : undefined;
    return isMembers(expiry) ? expiry : undefined;
  };
  const a = expiryOf(wanted);
  const b = expiryOf(got);
  if (a?.remaining === undefined || b === undefined) return;
  if (Math.abs(Number(a.remaining) - Number(b.remaining)) <= (round?.remaining ?? 1)) b.remaining = a.remaining;
}

function agrees(step: Step, wantedText: string, gotText: string): boolean {
  const wanted = decode(wantedText);
  const got = decode(gotText);
  level(wanted, step);
  level(got, step);
  levelRemaining(wanted, got, step);
  return same(wanted, got);
}

/** A step that was answered otherwise than recorded. */
export interface Disagreement {
  readonly sent: string;
  readonly wanted: string;
  readonly got: string;
}

/** Replays a transcript. `sleep` passes the time that it waits. */
export async function replay(
  url: string,
  { steps }: Transcript,
  sleep: (milliseconds: number) => Promise<void>,
): Promise<Disagreement[]> {
  using line = await Line.open(url);
  const names: Record<string, string> = { ds: `case-${process.pid}-${Math.random().toString(36).slice(2)}` };
  const fill = (text: string) => text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => names[name] ?? '');
  const disagreements: Disagreement[] = [];
  for (const step of steps) {
    if (step.sleep !== undefined) {
      await sleep(step.sleep);
      continue;
    }
    const sent = fill(step.send ?? step.sendBinary ?? '');
    let got = await line.ask(step.sendBinary === undefined ? sent : Buffer.from(sent));
    const token = /"tkn":\s*(\d+)/.exec(got)?.[1];
    if (step.capture !== undefined && token !== undefined) names[step.capture] = token;
    for (const [name, value] of Object.entries(names)) {
      got =
        name === 'ds'
          ? got.replaceAll(value, '{{ds}}')
          : got.replace(new RegExp(`(?<!\\d)${value}(?!\\d)`, 'g'), `"{{${name}}}"`);
    }
    const wanted = step.expect ?? '';
    if (!agrees(step, wanted, got)) disagreements.push({ sent, wanted, got });
  }
  return disagreements;
}
