// A server over Redis: `gateway.ts <store url> <prefix> <sweep interval>`. Prints its URL, and ends when its input does.
import { NdbServer } from '../../../src/server/index.js';
import { redisStore } from '../../../src/server/store/redis/index.js';

const [url = '', prefix = '', sweepInterval = ''] = process.argv.slice(2);
const store = await redisStore({ url, prefix });
const server = await NdbServer.listen({ store, sweepInterval: Number(sweepInterval) });
process.stdout.write(`${server.url}\n`);
process.stdin.resume().once('end', () => process.exit());
