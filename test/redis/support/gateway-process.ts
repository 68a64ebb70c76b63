import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A server over Redis in a process of its own, which tests can kill. */
export interface Gateway {
  readonly url: string;
  readonly process: ChildProcess;
  /** Ends it at once (SIGKILL) and waits until it is gone. */
  kill(): Promise<void>;
}

const program = fileURLToPath(new URL('gateway.ts', import.meta.url));

/** Starts a server whose store has a URL and a prefix. It sweeps every `sweepInterval` milliseconds. */
export function startGateway(store: string, prefix: string, sweepInterval: number): Promise<Gateway> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, store, prefix, String(sweepInterval)], {
    // It ends when its input does, so that none stays behind.
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return new Promise((resolve, reject) => {
    void ended.then(() => reject(new Error('The gateway ended before it listened.')));
    child.stdout.setEncoding('utf8').once('data', (url: string) =>
      resolve({
        url: url.trim(),
        process: child,
        kill: () => {
          child.kill('SIGKILL');
          return ended;
        },
      }),
    );
  });
}
