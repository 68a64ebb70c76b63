import { agree, bareLoop, createSessions, ourClient } from './contenders.js';
import { decoderRows } from './decoder.js';
import { importRows } from './import-time.js';
import { largeReplyRows } from './large-replies.js';
import { longRunRows, memoryRows } from './memory.js';
import { type Plan, planOf } from './plan.js';
import { redisPeers } from './redis-peers.js';
import { type ServerProcess, serverUnderLoad } from './server-process.js';
import { sessionRows } from './sessions-followed.js';
import { isMet, type Row, table } from './table.js';
import { latencyRows, redisRows, throughputRows } from './throughput.js';

/** Sessions over which the work is spread. */
const sessions = 1000;

/** What is measured, in the order of the table. */
const parts: Readonly<Record<string, (plan: Plan, server: ServerProcess) => Promise<readonly Row[]>>> = {
  async throughput(plan, { url }) {
    const tkns = await createSessions(url, sessions);
    await agree(url, tkns);
    const ours = await ourClient(url, tkns);
    const bare = await bareLoop(url, tkns);
    const corked = await bareLoop(url, tkns, { corks: true });
    const rows = await throughputRows(plan, ours, bare, corked);
    corked.close();
    bare.close();
    ours.close();
    return rows;
  },
  async redis(plan, { url }) {
    const peers = await redisPeers(sessions);
    if ('absent' in peers) {
      console.log(peers.absent);
      return [];
    }
    const ours = await ourClient(url, await createSessions(url, sessions));
    const rows = await redisRows(plan, ours, [
      [peers.ioredis, 1.3],
      [peers.redis, 1.8],
    ]);
    ours.close();
    await peers.stop();
    return rows;
  },
  async latency(plan, { url }) {
    return latencyRows(plan, url, await createSessions(url, sessions));
  },
  replies: largeReplyRows,
  decoder: decoderRows,
  memory: (plan, { url }) => memoryRows(plan, url),
  linearity: (plan, { url }) => longRunRows(plan, url),
  sessions: (plan, { url }) => sessionRows(plan, url),
  import: async (plan) => importRows(plan),
};

const plan = planOf(process.argv.slice(2));
const server = await serverUnderLoad();
const rows: Row[] = [];
for (const [name, measure] of Object.entries(parts)) {
  if (!name.includes(plan.only)) continue;
  process.stderr.write(`${name} …\n`);
  rows.push(...(await measure(plan, server)));
}
server.stop();
console.log(`\n64 requests in flight on one connection unless said otherwise, against ${server.description}.`);
console.log(`Node ${process.version}; median of ${plan.rounds} rounds, each one of ours and one of the peer's.\n`);
console.log(table(rows));
const missed = rows.filter((row) => isMet(row) === false).length;
console.log(missed === 0 ? '\nEvery goal is met.' : `\n${missed} of the goals missed.`);
