import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { MemoryStore, NdbServer, type NdbServerOptions, type Store } from 'rx-nemesisdb/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../src/clock.js';
import { slowStore } from './server/support/slow-store.js';
import { ManualClock } from './support/clocks/manual-clock.js';
import { empty, Line, readTranscripts, replay } from './support/replay.js';

const transcripts = readTranscripts();
const quick = transcripts.filter(({ slow }) => !slow);
const slow = transcripts.filter((transcript) => transcript.slow);

/** A server that someone else runs, to be asked instead of the embedded one. */
const elsewhere = process.env.NDB_URL;

const pause = async (milliseconds: number) => {
  await wait(milliseconds);
};

const stores: { name: string; make: (clock: Clock) => Store }[] = [
  { name: 'the memory store', make: (clock) => new MemoryStore({ clock }) },
  { name: 'a store that answers later', make: (clock) => slowStore(new MemoryStore({ clock })) },
];

async function serve(options: NdbServerOptions): Promise<{ url: string; close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'ndb-conformance-'));
  const server = await NdbServer.listen({ ...options, persist: folder });
  return {
    url: server.url,
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

describe.each(elsewhere === undefined ? stores : [])('answers as NemesisDB 0.7.2, over $name', ({ make }) => {
  let server: Awaited<ReturnType<typeof serve>>;

  beforeAll(async () => {
    server = await serve({ store: make(systemClock) });
  });
  afterAll(() => server.close());

  test.each(quick)('$name', async (transcript) => {
    await empty(server.url);
    expect(await replay(server.url, transcript, pause)).toEqual([]);
  });

  test.each(slow)('$name, in virtual time', async (transcript) => {
    const clock = new ManualClock();
    const { url, close } = await serve({ store: make(clock), clock });
    try {
      expect(await replay(url, transcript, (milliseconds) => clock.advance(milliseconds))).toEqual([]);
    } finally {
      await close();
    }
  });
});

describe.skipIf(elsewhere !== undefined)(
  'expires as NemesisDB 0.7.2, with its own sweep of 5 s',
  { concurrent: true },
  () => {
    test.for(slow)('$name', { timeout: 60_000 }, async (transcript, { expect }) => {
      const { url, close } = await serve({});
      try {
        expect(await replay(url, transcript, pause)).toEqual([]);
      } finally {
        await close();
      }
    });
  },
);

describe.each(elsewhere === undefined ? [] : [elsewhere])('the server of NDB_URL answers as NemesisDB 0.7.2', (url) => {
  let persists = false;

  beforeAll(async () => {
    using line = await Line.open(url);
    persists = (await line.ask('{"SV_INFO":{}}')).includes('"persistEnabled":true');
    await empty(url);
  });

  test.each(quick)('$name', async (transcript) => {
    if (transcript.needs?.includes('persist') && !persists) return;
    await empty(url);
    expect(await replay(url, transcript, pause)).toEqual([]);
  });

  // They can't empty the server, and need not: each looks at its own session alone.
  describe('expiry', { concurrent: true }, () => {
    test.for(slow)('$name', { timeout: 60_000 }, async (transcript, { expect }) => {
      expect(await replay(url, transcript, pause)).toEqual([]);
    });
  });
});
