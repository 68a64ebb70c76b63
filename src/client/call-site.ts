import type { Observer } from 'rxjs';

/** The place in a program that called a command. */
export interface CallSite {
  readonly stack?: string;
}

/** What not every engine's `Error` has. */
interface EngineErrors {
  captureStackTrace?(holder: object, below: unknown): void;
}

/**
 * Notes where a command was called. Costs about 2 µs in V8, which formats the frames only if they are read.
 *
 * @param below The function whose caller is the first frame, in engines that can leave out frames.
 */
export function callSite(below: (...args: never) => unknown): CallSite {
  const { captureStackTrace } = Error as EngineErrors; // the types of a browser do not have it
  if (captureStackTrace === undefined) return new Error();
  const site: CallSite = {};
  captureStackTrace(site, below);
  return site;
}

/**
 * An observer whose errors show where the command was called. A command fails later and elsewhere, so that the error's
 * own stack shows timers and sockets, and no line of the program.
 */
export function located(observer: Observer<unknown>, { stack = '' }: CallSite): Observer<unknown> {
  return {
    next: (result) => observer.next(result),
    complete: () => observer.complete(),
    error(error) {
      if (error instanceof Error) {
        const frames = stack.split('\n').filter((line) => /^\s+at |@/.test(line));
        error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n');
      }
      observer.error(error);
    },
  };
}
