import { parseArgs } from 'node:util';
import { filter, firstValueFrom, lastValueFrom, skip } from 'rxjs';
import { NdbClient } from '../src/index.js';
import type { Fault } from '../test/support/faults/proxy.js';
import { FaultWorld } from '../test/support/faults/world.js';
import { table } from './table.js';

/**
 * One client loses its connection so many times (`--times`, default 10,000). Prints the heap along the way, and exits with 1
 * where it grows with the number of reconnects, or where sockets or timers are left.
 */

/** Bytes of heap that one reconnect may cost for good: less than what a timer or a socket takes. */
const tolerated = 100;
const rows = 10;
const faults: readonly Fault[] = ['reset', 'truncate', 'half-close'];

const { values: flags } = parseArgs({ options: { times: { type: 'string', default: '10000' } } });
process.exitCode = await reconnect(Number(flags.times));

async function reconnect(times: number): Promise<number> {
  await using world = await FaultWorld.start();
  const client = new NdbClient({ reconnect: { initialDelay: 0.1, maxDelay: 0.1 } });
  await firstValueFrom(client.open(world.proxy.url));
  const heaps: number[] = [];
  const figures: string[][] = [];
  for (let done = 0; done <= times; done++) {
    if (done % Math.ceil(times / rows) === 0) {
      heaps.push(heapNow());
      figures.push([String(done), (heapNow() / 2 ** 20).toFixed(2), String(world.proxy.connections), resources()]);
    }
    const back = firstValueFrom(
      client.connection$.pipe(
        skip(1),
        filter(({ state }) => state === 'open'),
      ),
    );
    client.kv_count().subscribe({ error: () => {} });
    world.proxy.strike(faults[done % faults.length] ?? 'reset');
    await back;
  }
  await lastValueFrom(client.close());
  process.stdout.write(`${table(['reconnects', 'heap MiB', 'connections', 'sockets and timers'], figures)}\n`);
  // The first rows are before everything is compiled and every cache is warm.
  const [, , early = 0] = heaps;
  const growth = ((heaps.at(-1) ?? 0) - early) / (times * (1 - 2 / rows));
  process.stdout.write(`\n${growth.toFixed(1)} bytes of heap for each reconnect\n`);
  return growth > tolerated ? 1 : 0;
}

function heapNow(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function resources(): string {
  const kinds = process.getActiveResourcesInfo();
  const count = (wanted: string) => kinds.filter((kind) => kind === wanted).length;
  return `${count('TCPSocketWrap')} and ${count('Timeout')}`;
}
