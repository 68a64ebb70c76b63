import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { NdbServer } from 'rx-nemesisdb/server';
import { redisStore } from 'rx-nemesisdb/server/redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { empty, readTranscripts, replay } from '../support/replay.js';
import { engines, newPrefix } from './support/engines.js';

/** A hash has no order, so these differ: they ask for top-level keys in the order in which they were made. */
const needsOrder = (name: string) => /order/.test(name);

const transcripts = readTranscripts().filter(({ name }) => !needsOrder(name));
const quick = transcripts.filter(({ slow }) => !slow);
const slow = transcripts.filter((transcript) => transcript.slow);

const pause = async (milliseconds: number) => {
  await wait(milliseconds);
};

describe.each(engines)('a server over $name answers as NemesisDB', ({ url: engineUrl }) => {
  let folder: string;
  let server: NdbServer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ndb-conformance-'));
    const store = await redisStore({ url: engineUrl(), prefix: newPrefix() });
    server = await NdbServer.listen({ store, persist: folder });
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  test.each(quick)('$name', async (transcript) => {
    await empty(server.url);
    expect(await replay(server.url, transcript, pause)).toEqual([]);
  });

  // The engine's time can't be moved. Each looks at its own session alone, so they wait side by side.
  describe('as time passes', { concurrent: true }, () => {
    test.for(slow)('$name', { timeout: 60_000 }, async (transcript, { expect }) => {
      expect(await replay(server.url, transcript, pause)).toEqual([]);
    });
  });
});
