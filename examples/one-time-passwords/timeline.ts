import { styleText } from 'node:util';
import type { SessionEvent } from 'rx-nemesisdb';

export type Colour = 'green' | 'yellow' | 'red' | 'dim';

const started = performance.now();

/** Prints when something happened, to whom, and what. */
export function print(who: string, what: string, colour: Colour = 'dim'): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(3).padStart(7);
  const line = `${seconds} s  ${who.padEnd(6)} ${what}`;
  console.log(process.stdout.isTTY ? styleText(colour, line) : line);
}

/** Prints what happens to somebody's session. */
export function printEvent(who: string, event: SessionEvent): void {
  const [words, colour] = describe(event);
  print(who, `${event.type.padEnd(12)} ${words}`, colour);
}

function describe(event: SessionEvent): readonly [string, Colour] {
  switch (event.type) {
    case 'opened':
      return ['the code is valid', 'dim'];
    case 'extended':
      return [`by ${event.by === 'self' ? 'use' : 'another client'}: valid for two more seconds`, 'green'];
    case 'expiring':
      return [`in about ${Math.round(event.inMs)} ms`, 'yellow'];
    case 'overdue':
      return ['the server may let it lapse from now on', 'yellow'];
    case 'expired':
      return [`the server let it lapse (${event.outcome}, ${event.certainty})`, 'red'];
    case 'ended':
      return [`by ${event.by} (${event.certainty})`, 'red'];
    default:
      return [`(${event.certainty})`, 'yellow'];
  }
}
