import { styleText } from 'node:util';
import { type JsonInput, writeJson } from '../protocol/json.js';

/** What a command shows for a result: a value for programs (`--json`), a line for people. */
export interface Line {
  readonly type: 'line';
  readonly json: JsonInput;
  readonly text: string;
}

/** What a command shows on a terminal until the next line or status, such as a countdown or progress. */
export interface Status {
  readonly type: 'status';
  readonly text: string;
}

export type Output = Line | Status;

/** How a text is marked on a terminal. */
export type Style = 'green' | 'yellow' | 'red' | 'dim';

/** Marks a text, if whoever reads it sees colours. */
export type Paint = (style: Style, text: string) => string;

/** The two streams of a process. */
export interface Terminal {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** A stream shows colours if it is a terminal that has them, and NO_COLOR is not set. */
export function painter(stream: NodeJS.WriteStream): Paint {
  const hasColors = stream.isTTY && stream.hasColors();
  return (style, text) => (hasColors ? styleText(style, text) : text);
}

const clearLine = '\r\u001b[K';

/** Writes results to stdout, and a status to stderr if that is a terminal. */
export class Printer {
  #statusShown = false;

  constructor(
    private readonly terminal: Terminal,
    private readonly json: boolean,
  ) {}

  print(output: Output): void {
    this.clear();
    if (output.type === 'line') {
      this.terminal.stdout.write(`${this.json ? writeJson(output.json) : output.text}\n`);
    } else if (this.terminal.stderr.isTTY && !this.json) {
      this.terminal.stderr.write(output.text);
      this.#statusShown = true;
    }
  }

  /** Writes why a command failed to stderr. */
  fail(failure: { readonly code: string; readonly message: string }): void {
    this.clear();
    const { code, message } = failure;
    const paint = painter(this.terminal.stderr);
    this.terminal.stderr.write(`${this.json ? writeJson({ error: code, message }) : paint('red', message)}\n`);
  }

  /** Removes the status. */
  clear(): void {
    if (this.#statusShown) this.terminal.stderr.write(clearLine);
    this.#statusShown = false;
  }
}

/** A result that reads the same for programs and people. */
export const valueLine = (value: JsonInput): Line => ({ type: 'line', json: value, text: writeJson(value) });

export const line = (json: JsonInput, text: string): Line => ({ type: 'line', json, text });

export const status = (text: string): Status => ({ type: 'status', text });
