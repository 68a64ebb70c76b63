import fc from 'fast-check';
import { nameOf } from './fake-platform.js';

/**
 * How a peer answers. Names that it does not know, and so fences: `echo` as NemesisDB 0.7 does, `stale` as 0.9 does (under
 * the first such name it ever saw), `mute` not at all, `err` under no name. `ids` as our own server does: it repeats ids, drops
 * no reply, and lets one overtake another.
 */
export type Manners =
  | { readonly type: 'echo' | 'mute' | 'err' | 'ids' }
  | { readonly type: 'stale'; readonly name: string; readonly sessions: false };

/** What happens on one connection. Lists are begun again at their end. */
export interface ConnectionScript {
  readonly refused: boolean;
  /** For each reply, fences' and the greeting's too, whether it is dropped. */
  readonly drops: readonly boolean[];
  /** For each request, how many ms the server takes. */
  readonly stalls: readonly number[];
  /** The request at which the connection is cut, and whether the server executes it before. */
  readonly cut: { readonly at: number; readonly executed: boolean } | undefined;
}

/** All that a scripted server will do. */
export interface ServerScript {
  readonly manners: Manners;
  /** One for each connection, in turn; after the last, connections are faultless. */
  readonly connections: readonly ConnectionScript[];
}

export const faultless: ConnectionScript = { refused: false, drops: [false], stalls: [1], cut: undefined };

const manners: fc.Arbitrary<Manners> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ type: 'echo' as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ type: 'mute' as const }, { type: 'err' as const }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('SH_1', 'SH_2', 'SH_GET', 'XX').map((name) => ({
      type: 'stale' as const,
      name,
      sessions: false as const,
    })),
  },
);

const rarely = (weight: number) =>
  fc.oneof({ weight, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });

const stall = (slowest: number) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(0, 1, 2) },
    { weight: 1, arbitrary: fc.integer({ min: 3, max: slowest }) },
  );

const connection = (slowest: number): fc.Arbitrary<ConnectionScript> =>
  fc.record({
    refused: rarely(9),
    drops: fc.oneof(fc.constant([false]), fc.array(rarely(9), { minLength: 1, maxLength: 24, size: 'max' })),
    stalls: fc.array(stall(slowest), { minLength: 1, maxLength: 16, size: 'max' }),
    cut: fc.option(fc.record({ at: fc.nat(60), executed: fc.boolean() }), { freq: 2, nil: undefined }),
  });

/** The strategies that a client has to correlate replies with requests. */
export type Strategy = 'fences' | 'ids';

/** Any script of a server that calls for this strategy; no stall in it lasts longer than so many ms. */
export const serverScript = (slowest: number, strategy: Strategy): fc.Arbitrary<ServerScript> =>
  fc.record({
    manners: strategy === 'ids' ? fc.constant<Manners>({ type: 'ids' }) : manners,
    connections: fc.array(connection(slowest), { minLength: 1, maxLength: 5 }),
  });

/** What the server truly did: how often it executed the request of each identity. */
export class Ledger {
  readonly #executions = new Map<number, number>();

  note(identity: number): void {
    this.#executions.set(identity, this.executions(identity) + 1);
  }

  executions(identity: number): number {
    return this.#executions.get(identity) ?? 0;
  }
}

/** The text of a request that carries its identity. */
export const requestText = (command: string, identity: number) => `{"${command}":{"of":${identity}}}`;

/** Executes a request, and gives its reply, which carries its request's identity; nothing if the peer does not answer such a name. */
export function execute(text: string, manners: Manners, ledger: Ledger): string | undefined {
  const reply = executed(text, manners, ledger);
  const id = manners.type === 'ids' ? /,"id":"[0-9a-z]+"}$/.exec(text)?.[0] : undefined;
  return id === undefined ? reply : reply?.slice(0, -1) + id;
}

/** Whether the server drops its reply at this place. */
export const drops = ({ drops }: ConnectionScript, manners: Manners, place: number): boolean =>
  manners.type !== 'ids' && inTurn(drops, place);

function executed(text: string, manners: Manners, ledger: Ledger): string | undefined {
  const name = nameOf(text);
  if (name === 'SV_INFO' && manners.type === 'ids') {
    return '{"SV_INFO_RSP":{"st":1,"serverVersion":"1","persistEnabled":false,"features":["ids"]}}';
  }
  if (name === 'SV_INFO') return '{"SV_INFO_RSP":{"st":1,"serverVersion":"0.7.2","persistEnabled":false}}';
  const identity = Number(/"of":(\d+)/.exec(text)?.[1] ?? Number.NaN);
  if (!Number.isNaN(identity)) ledger.note(identity);
  const of = Number.isNaN(identity) ? '' : `,"of":${identity}`;
  if (manners.type === 'stale' && name.startsWith('SH_')) return `{"${manners.name}_RSP":{"m":"","st":10${of}}}`;
  if (/^SH_\d/.test(name)) {
    if (manners.type === 'mute') return undefined;
    return manners.type === 'err' ? '{"ERR":{"m":"","st":10}}' : `{"${name}_RSP":{"m":"","st":10,"tkn":null}}`;
  }
  // Measured: some failures are answered as ERR.
  if (name === 'KV_UPDATE') return `{"ERR":{"m":"","st":4${of}}}`;
  return `{"${name}_RSP":{"st":1${of}}}`;
}

/** The list's element at this place, the list begun again at its end. */
export function inTurn<T>(list: readonly T[], place: number): T {
  return list[place % list.length] as T; // lists of scripts are never empty
}
