import fc from 'fast-check';
import { firstValueFrom, retry } from 'rxjs';
import { NdbClient } from '../../../src/index.js';
import type { Features } from './frames.js';
import { kinds, type Operation } from './ledger.js';
import { apply, type Weather, weather } from './weather.js';
import { type Exit, FaultWorld, impatient, stateOf } from './world.js';

/** One thing that a program does. */
export type Step =
  | { readonly type: 'calls'; readonly operations: readonly Operation[] }
  | { readonly type: 'weather'; readonly weather: Weather }
  | { readonly type: 'pause'; readonly ms: number }
  | { readonly type: 'restart'; readonly exit: Exit }
  /** The client is closed with whatever is under way, in whatever weather; another one takes its place. */
  | { readonly type: 'close' };

export interface Program {
  readonly maxInFlight: number;
  readonly steps: readonly Step[];
}

export const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom(...kinds),
  place: fc.nat(20),
  cancelAfter: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(20) }),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('calls' as const),
      operations: fc.oneof(
        fc.array(operation, { minLength: 1, maxLength: 2 }),
        fc.array(operation, { minLength: 20, maxLength: 100 }),
      ),
    }),
  },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('weather' as const), weather }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('pause' as const), ms: fc.nat(12) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('restart' as const), exit: fc.constantFrom<Exit>('stop', 'crash') }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('close' as const) }) },
);

/** A step in a few words, for whoever reads a counterexample. */
function inWords(step: Step): string {
  switch (step.type) {
    case 'calls':
      return step.operations
        .map(
          ({ kind, place, cancelAfter }) =>
            `${kind} ${place}${cancelAfter === undefined ? '' : ` (${cancelAfter} ms)`}`,
        )
        .join(', ');
    case 'weather':
      return Object.values(step.weather).join(' ').toUpperCase();
    case 'pause':
      return `pause ${step.ms} ms`;
    case 'restart':
      return `RESTART ${step.exit}`;
    case 'close':
      return 'CLOSE';
  }
}

/** Commands, faults and restarts in any order. */
export const program: fc.Arbitrary<Program> = fc
  .record({
    maxInFlight: fc.constantFrom(1, 2, 40, 128),
    steps: fc.array(step, { minLength: 3, maxLength: 40, size: 'max' }),
  })
  .map((made) => ({
    ...made,
    [fc.toStringMethod]: () => `maxInFlight ${made.maxInFlight}\n${made.steps.map(inWords).join('\n')}\n`,
  }));

/** Runs it, and gives everything that was not as it has to be. */
export async function run({ maxInFlight, steps }: Program, features: Features = 'hidden'): Promise<readonly string[]> {
  await using world = await FaultWorld.start();
  world.proxy.features = features;
  const clients = new Clients(world, maxInFlight);
  await clients.next();
  for (const step of steps) await take(step, world, clients);
  const broken = [...(await world.audit())];
  // Whatever happened: it has to come back by itself.
  const backs = firstValueFrom(clients.present.sv_info({ timeout: 5000 }).pipe(retry(3)));
  if ((await backs.catch(() => undefined)) === undefined)
    broken.push(`the client did not come back: ${stateOf(clients.present).state}`);
  clients.close();
  return [...broken, ...(await clients.broken())];
}

async function take(step: Step, world: FaultWorld, clients: Clients): Promise<void> {
  switch (step.type) {
    case 'calls':
      for (const each of step.operations) world.ledger.perform(clients.present, each);
      return;
    case 'weather':
      // While it is greeted, a peer that garbles is taken for no NemesisDB, and given up for good.
      if (step.weather.type === 'garble' && stateOf(clients.present).state !== 'open') return;
      apply(world.proxy, step.weather);
      return;
    case 'pause':
      await new Promise((resolve) => setTimeout(resolve, step.ms));
      return;
    case 'restart':
      await world.restart(step.exit);
      return;
    case 'close':
      clients.close();
      await clients.next();
      return;
  }
}

/** The clients of one program: each but the last is closed at some time, and then has to be. */
class Clients {
  readonly #books: ActivityBook[] = [];
  readonly #closings: Promise<string | undefined>[] = [];
  #present: NdbClient | undefined;

  constructor(
    private readonly world: FaultWorld,
    private readonly maxInFlight: number,
  ) {}

  get present(): NdbClient {
    if (this.#present === undefined) throw new Error('The program has not begun.');
    return this.#present;
  }

  /** Makes the next client, and connects it. */
  async next(): Promise<void> {
    const { world, maxInFlight } = this;
    const client = new NdbClient({ ...impatient, maxInFlight });
    this.#present = client;
    this.#books.push(new ActivityBook(client));
    await world.calm();
    await firstValueFrom(client.open(world.proxy.url));
  }

  close(): void {
    this.#closings.push(closed(this.present));
  }

  async broken(): Promise<readonly string[]> {
    const closings = await Promise.all(this.#closings);
    return [...closings, ...this.#books.flatMap((book) => book.broken())].filter((what) => what !== undefined);
  }
}

/** What is wrong with how a client closes. */
async function closed(client: NdbClient): Promise<string | undefined> {
  const started = performance.now();
  await client[Symbol.asyncDispose]();
  if (stateOf(client).state !== 'closed') return 'a client is not closed after close()';
  // Its bound is 100 ms; the rest is for a machine that is busy.
  return performance.now() - started > 2000 ? 'close() took longer than its bound' : undefined;
}

/** What `activity$` tells has to add up as well. */
class ActivityBook {
  readonly #queued = new Set<number>();
  readonly #ended = new Map<number, number>();
  #misfits = 0;

  constructor(client: NdbClient) {
    client.activity$.subscribe((activity) => {
      if (activity.type === 'queued') this.#queued.add(activity.id);
      else if (activity.type === 'answered' || activity.type === 'failed') {
        if (!this.#queued.has(activity.id)) this.#misfits += 1;
        this.#ended.set(activity.id, (this.#ended.get(activity.id) ?? 0) + 1);
      }
    });
  }

  broken(): readonly string[] {
    const twice = [...this.#ended.values()].filter((times) => times > 1).length;
    return [
      ...(twice > 0 ? [`activity$ told of the end of ${twice} requests more than once`] : []),
      ...(this.#misfits > 0 ? [`activity$ told of the end of ${this.#misfits} requests that were never queued`] : []),
    ];
  }
}
