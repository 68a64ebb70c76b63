import fc from 'fast-check';
import { NdbError, type Outcome } from '../../../src/errors.js';
import type { Reply, Transport } from '../../../src/transport/transport.js';
import { type Ledger, requestText } from '../peers/scripted-peer.js';

/** One thing that a program does: waits, then sends a request. */
export interface Step {
  readonly wait: number;
  readonly command: string;
  readonly timeout: number;
  readonly repeatable: boolean;
  /** After how many ms the request is unsubscribed, if it is. */
  readonly cancelAfter: number | undefined;
}

const commands = fc.constantFrom(
  { command: 'KV_GET', repeatable: true },
  { command: 'KV_SET', repeatable: false },
  { command: 'SH_GET', repeatable: true },
  { command: 'KV_SET', repeatable: true },
  { command: 'KV_UPDATE', repeatable: false },
);

const wait = (longest: number) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 5 }) },
    { weight: 1, arbitrary: fc.integer({ min: 5, max: longest }) },
  );

/** Any program whose requests last at most so many ms. */
export const program = (steps: number, longest: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc
      .record({
        kind: commands,
        wait: wait(longest),
        timeout: fc.integer({ min: Math.min(50, longest), max: longest }),
        cancelAfter: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(20) }),
      })
      .map(({ kind, ...step }) => ({ ...kind, ...step })),
    { minLength: 1, maxLength: steps, size: 'max' },
  );

/** One request of a program, and what it was told. */
class Sent {
  readonly #heard: { readonly at: number; readonly what: Reply | NdbError }[] = [];
  #cancelled: Outcome | undefined;
  #undo: () => Outcome = () => 'not-sent';

  constructor(
    readonly identity: number,
    readonly step: Step,
    private readonly startedAt: number,
    private readonly now: () => number,
  ) {}

  start(transport: Transport): void {
    const { command, timeout, repeatable } = this.step;
    this.#undo = transport.send(
      { command, text: requestText(command, this.identity), timeout, repeatable },
      {
        replied: (reply) => this.#hear(reply),
        failed: (error) => this.#hear(error),
      },
    );
  }

  cancel(): void {
    if (this.#heard.length === 0) this.#cancelled = this.#undo();
  }

  #hear(what: Reply | NdbError): void {
    this.#heard.push({ at: this.now(), what });
  }

  /** What is wrong with how this request ended, given what the server truly did; nothing if all is well. */
  complaint(ledger: Ledger, tolerance: number): string | undefined {
    const { step, identity } = this;
    const executions = ledger.executions(identity);
    if (executions > 1 && !step.repeatable) return `executed ${executions} times`;
    if (this.#cancelled !== undefined) {
      if (this.#heard.length > 0) return 'heard of after it was unsubscribed';
      return this.#cancelled === 'not-sent' && executions > 0 ? 'unsubscribed as not sent, but executed' : undefined;
    }
    const [first] = this.#heard;
    if (first === undefined || this.#heard.length !== 1) return `settled ${this.#heard.length} times`;
    const took = first.at - this.startedAt;
    if (took > step.timeout + tolerance) return `settled after ${took} of ${step.timeout} ms`;
    const { what } = first;
    if (!(what instanceof Error)) {
      return what.body.of === identity ? undefined : `was given the reply of request ${String(what.body.of)}`;
    }
    if (!(what instanceof NdbError)) return `failed with ${String(what)}`;
    const { outcome } = what;
    if (outcome === 'not-sent' && executions > 0) return `${what.code} says not sent, but it was executed`;
    if (outcome === 'executed' && executions === 0) return `${what.code} says executed, but it was not`;
    return undefined;
  }

  /** How it ended: `answered`, `unsubscribed`, or the error's code and outcome. */
  get end(): string {
    const what = this.#heard[0]?.what;
    if (what === undefined) return 'unsubscribed';
    if (!(what instanceof NdbError)) return 'answered';
    return `${what.code} ${what.outcome}`;
  }

  toString(): string {
    return `${this.step.command} number ${this.identity}`;
  }
}

/** All requests of one run. */
export class Run {
  readonly #sent: Sent[] = [];

  constructor(
    private readonly transport: Transport,
    private readonly now: () => number,
    private readonly pause: (ms: number) => Promise<void>,
    /** Calls later; no undo is needed. */
    private readonly later: (work: () => void, ms: number) => void,
  ) {}

  /** Does what the program says. */
  async perform(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.wait > 0) await this.pause(step.wait);
      const sent = new Sent(this.#sent.length, step, this.now(), this.now);
      this.#sent.push(sent);
      sent.start(this.transport);
      if (step.cancelAfter !== undefined) this.later(() => sent.cancel(), step.cancelAfter);
    }
  }

  /** Throws where a request ended as it must not. Settling so many ms late is no fault. */
  check(ledger: Ledger, tolerance: number): void {
    for (const sent of this.#sent) {
      const complaint = sent.complaint(ledger, tolerance);
      if (complaint !== undefined) throw new Error(`${sent} ${complaint}`);
    }
  }

  /** How each of them ended. */
  ends(): string[] {
    return this.#sent.map(({ end }) => end);
  }
}
