import { isDeepStrictEqual } from 'node:util';
import { NdbClient, type NdbClientOptions } from 'rx-nemesisdb';
import { lastValueFrom } from 'rxjs';
import { WebSocket } from 'ws';
import { BareLoop } from './bare-loop.js';
import type { Issue } from './closed-loop.js';

/** What is written and read: small, as what sessions hold mostly is. */
export const smallValue = { name: 'Ada', visits: 17, tags: ['new', 'eu'] };

/** The same work, done by whoever is measured: sets and gets one key of one of many sessions. */
export interface Contender {
  readonly name: string;
  readonly set: Issue;
  readonly get: Issue;
  close(): unknown;
}

/** A failed piece of work makes every figure worthless. */
export function failBenchmark(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

/** Creates sessions by hand: `JSON.parse` would round their tokens. */
export function createSessions(url: string, count: number): Promise<readonly bigint[]> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const tkns: bigint[] = [];
  return new Promise((resolve, reject) => {
    const ask = () => socket.send('{"SH_NEW":{}}');
    socket.on('error', reject);
    socket.on('open', ask);
    socket.on('message', (data) => {
      const [, tkn] = /"tkn":(\d+)/.exec(data.toString()) ?? [];
      if (tkn === undefined) return reject(new Error(`No session was created: ${data.toString()}`));
      if (tkns.push(BigInt(tkn)) < count) return ask();
      socket.close();
      resolve(tkns);
    });
  });
}

/** The session whose turn it is. */
function turn(tkns: readonly bigint[], index: number): bigint {
  const tkn = tkns[index % tkns.length];
  if (tkn === undefined) throw new Error('There are no sessions to measure with.');
  return tkn;
}

export async function connectClient(url: string, options?: NdbClientOptions): Promise<NdbClient> {
  const client = new NdbClient(options);
  await lastValueFrom(client.open(url));
  return client;
}

/** This package: everything is checked, matched by proof, and exact. */
export async function ourClient(url: string, tkns: readonly bigint[], options?: NdbClientOptions): Promise<Contender> {
  const client = await connectClient(url, options);
  return {
    name: 'rx-nemesisdb',
    set: (index, done) =>
      client.sh_set(turn(tkns, index), { user: smallValue }).subscribe({ next: done, error: failBenchmark }),
    get: (index, done) =>
      client.sh_get(turn(tkns, index), { key: 'user' }).subscribe({ next: done, error: failBenchmark }),
    close: () => client.close(),
  };
}

/** The bare loop: nothing is checked. `corks`: it writes all requests of a turn in one piece. */
export async function bareLoop(url: string, tkns: readonly bigint[], { corks = false } = {}): Promise<Contender> {
  const bare = await BareLoop.connect(url, corks);
  return {
    name: corks ? 'bare loop that corks' : 'bare loop',
    set: (index, done) => {
      const keys = JSON.stringify({ user: smallValue });
      bare.request(`{"SH_SET":{"tkn":${turn(tkns, index)},"keys":${keys}}}`, done);
    },
    get: (index, done) => {
      const keys = JSON.stringify(['user']);
      bare.request(`{"SH_GET":{"tkn":${turn(tkns, index)},"keys":${keys}}}`, done);
    },
    close: () => bare.close(),
  };
}

/** Makes sure that both read the same from the server, and that it is what was written, before they are measured. */
export async function agree(url: string, tkns: readonly bigint[]): Promise<void> {
  const client = await connectClient(url);
  const tkn = turn(tkns, 0);
  await lastValueFrom(client.sh_set(tkn, { user: smallValue }));
  const ours = await lastValueFrom(client.sh_get(tkn, { key: 'user' }));
  if (!isDeepStrictEqual(ours, smallValue)) throw new Error('What was read is not what was written.');
  await lastValueFrom(client.close());
}
