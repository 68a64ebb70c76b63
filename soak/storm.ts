import fc from 'fast-check';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { NdbClient } from '../src/index.js';
import type { FaultLedger, Operation } from '../test/support/faults/ledger.js';
import { operation } from '../test/support/faults/program.js';
import { apply, type Weather, weather } from '../test/support/faults/weather.js';
import { type Exit, FaultWorld, impatient, stateOf } from '../test/support/faults/world.js';

/** What happens in one round: calls, then perhaps a fault, then time passes. */
export interface Round {
  readonly operations: readonly Operation[];
  readonly weather: Weather | undefined;
  readonly exit: Exit | undefined;
  readonly pause: number;
}

const sometimes = <T>(arbitrary: fc.Arbitrary<T>, weight: number) =>
  fc.oneof({ weight, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

export const round: fc.Arbitrary<Round> = fc.record({
  operations: fc.oneof(
    fc.array(operation, { maxLength: 3 }),
    fc.array(operation, { minLength: 50, maxLength: 200, size: 'max' }),
  ),
  // It clears up as often as anything happens, or most of the time nobody could be reached.
  weather: sometimes(fc.oneof(weather, fc.constant<Weather>({ type: 'clear' })), 3),
  exit: sometimes(fc.constantFrom<Exit>('stop', 'crash'), 60),
  pause: fc.nat(15),
});

/** Several clients in bad weather, and the book of what they were told. */
export class Storm {
  readonly startedAt = performance.now();
  /** How often what happened. */
  readonly happened = new Map<string, number>();
  readonly #clients: NdbClient[] = [];
  #turn = 0;

  private constructor(private readonly world: FaultWorld) {}

  static async gather(count: number): Promise<Storm> {
    const storm = new Storm(await FaultWorld.start());
    for (let place = 0; place < count; place++) await storm.#join(place);
    return storm;
  }

  get ledger(): FaultLedger {
    return this.world.ledger;
  }

  async rage({ operations, weather: event, exit, pause }: Round): Promise<void> {
    for (const each of operations) this.ledger.perform(this.#next(), each);
    if (event !== undefined) this.#apply(event);
    if (exit !== undefined) {
      this.#note(`server: ${exit}`);
      await this.world.restart(exit);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }

  /** Lets it calm down, and compares the book with the store. Gives what does not fit. */
  async calm(): Promise<readonly string[]> {
    const broken = [...(await this.world.audit())];
    for (const client of this.#clients) {
      const back = await firstValueFrom(client.sv_info({ timeout: 5000 })).catch(String);
      if (typeof back === 'string') broken.push(`a client did not come back (${stateOf(client).state}): ${back}`);
    }
    return broken;
  }

  /** Closes everything. Gives what was left behind. */
  async disperse(): Promise<readonly string[]> {
    await Promise.all(this.#clients.map((client) => lastValueFrom(client.close())));
    await new Promise((resolve) => setTimeout(resolve, 200)); // what the proxy hears of it
    const { connections } = this.world.proxy;
    await this.world[Symbol.asyncDispose]();
    return connections === 0 ? [] : [`${connections} connections were left behind`];
  }

  async #join(place: number): Promise<void> {
    const client = new NdbClient({ ...impatient, maxInFlight: [1, 8, 128][place % 3] });
    await firstValueFrom(client.open(this.world.proxy.url));
    client.connection$.subscribe(({ state }) => {
      if (state === 'waiting') this.#note('client: lost its connection');
    });
    this.#clients.push(client);
  }

  #next(): NdbClient {
    const client = this.#clients[this.#turn++ % this.#clients.length];
    if (client === undefined) throw new Error('A storm has at least one client.');
    return client;
  }

  #apply(event: Weather): void {
    const isStrike = event.type === 'strike' || event.type === 'strike-after';
    this.#note(`network: ${isStrike ? event.fault : event.type}`);
    apply(this.world.proxy, event);
  }

  #note(name: string): void {
    this.happened.set(name, (this.happened.get(name) ?? 0) + 1);
  }
}
