import { systemClock } from '../../src/clock.js';
import { platform as nodePlatform } from '../../src/transport/socket/node.js';
import { createTransport } from '../../src/transport/transport.js';
import { transportOptions } from './peers/fake-platform.js';

/** A program of its own: connects, asks, leaves something in the queue and in flight, closes, and has nothing more to do. */
const [url = '', way = ''] = process.argv.slice(2);
const transport = createTransport(nodePlatform, transportOptions({ clock: systemClock, closeTimeout: 500 }));
const request = { command: 'KV_COUNT', text: '{"KV_COUNT":{}}', timeout: 60_000, repeatable: true };
const nobody = { replied() {}, failed() {} };

const done = () =>
  process.stdout.write(`closed ${process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length}\n`);

if (way === 'never opened') transport.send(request, nobody)();
else if (way === 'connecting') {
  transport.open(url).subscribe({ error: () => {} });
  transport.close().subscribe({ complete: done });
} else {
  transport.open(url).subscribe(() => {
    transport.send(request, {
      ...nobody,
      replied() {
        transport.send({ ...request, timeout: 30_000 }, nobody)();
        transport.send(request, nobody);
        transport.close().subscribe({ complete: done });
      },
    });
  });
}
