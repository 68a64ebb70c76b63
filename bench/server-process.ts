import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own, so that it has a processor of its own. */
export interface ServerProcess {
  readonly url: string;
  /** Longest request that it takes, in bytes. */
  readonly maxPayload: number;
  /** What it is, for the table's first line. */
  readonly description: string;
  stop(): void;
}

/** Long enough for a value of 10 KiB. */
const forLargeValues = 16 * 1024;

const program = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url));

/**
 * The server at `NDB_URL`, whose keys and sessions are then used up, or an embedded one. `NDB_MAX_PAYLOAD` is the other's
 * `maxPayload`, which a NemesisDB does not tell: 1024 as shipped.
 */
export async function serverUnderLoad(embeddedMaxPayload = forLargeValues): Promise<ServerProcess> {
  const url = process.env.NDB_URL;
  if (url !== undefined && url !== '') {
    const maxPayload = Number(process.env.NDB_MAX_PAYLOAD ?? 1024);
    return { url, maxPayload, description: `the server at NDB_URL, maxPayload ${maxPayload}`, stop() {} };
  }
  const child = spawn(process.execPath, [program, '--port', '0', '--max-payload', String(embeddedMaxPayload)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [listening] = /ws:\S+/.exec(line) ?? [];
    if (listening === undefined) break;
    return {
      url: listening,
      maxPayload: embeddedMaxPayload,
      description: 'the embedded server, in a process of its own',
      stop: () => child.kill(),
    };
  }
  throw new Error('The embedded server did not start; see what it says above.');
}
