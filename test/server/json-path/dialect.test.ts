import { readFileSync } from 'node:fs';
import { NdbServer } from 'rx-nemesisdb/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readExactly } from '../../../src/server/json/read.js';
import type { WireValue } from '../../../src/server/json/wire.js';
import { JsonPath, PathError, PathRefusedError, pathOf, Work } from '../../../src/server/json-path/json-path.js';
import { empty, replay, type Transcript } from '../../support/replay.js';

const linesOf = (file: string) =>
  readFileSync(new URL(`../../conformance/${file}.jsonl`, import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean);

/** What jsoncons 0.176 does with a path: the places in its order, or that it is wrong. */
interface Recorded {
  readonly path: string;
  readonly places?: readonly string[];
}

/** The places that a path leads to, however many slices that takes. */
function placesOf(path: string, value: WireValue): string[] {
  const work = new Work();
  work.allowValue(JSON.stringify(path).repeat(100));
  const following = JsonPath.parse(path).follow(value, work);
  let slice = following.next();
  while (!slice.done) {
    work.beginSlice();
    slice = following.next();
  }
  return slice.value.map(pathOf);
}

describe('a path leads to the same places as in jsoncons', () => {
  const recorded = linesOf('jsoncons-paths').map((line) => ({
    ...(JSON.parse(line) as Recorded), // recorded in this form
    value: (readExactly(line) as { value: WireValue }).value, // its numbers as they were written
  }));

  test.each(recorded)('$path', ({ path, value, places }) => {
    if (places) expect(placesOf(path, value)).toEqual(places);
    else expect(() => placesOf(path, value)).toThrow(PathError);
  });
});

describe('KV_FIND and KV_UPDATE answer a path as NemesisDB 0.7.2', () => {
  const transcripts = [
    ...linesOf('jsonpath-dialect'),
    ...linesOf('nemesisdb-0.7-second').filter((line) => line.includes('"name":"JSONPath')),
  ].map((line) => JSON.parse(line) as Transcript); // recorded in this form
  const taken = transcripts.filter(({ name }) => !name.includes('=~'));
  let server: NdbServer;

  beforeAll(async () => {
    server = await NdbServer.listen();
  });
  afterAll(() => server.close());

  test.each(taken)('$name', async (transcript) => {
    await empty(server.url);
    expect(await replay(server.url, transcript, async () => {})).toEqual([]);
  });
});

describe('a path that only NemesisDB takes is refused, and the message says what', () => {
  test.each([
    ['a regular expression', '$[?(@.a =~ /x/)]', 'regular expressions'],
    ['a string split by a regular expression', "$[?tokenize(@.a, ' ')]", 'regular expressions'],
    ['a branch that begins at the root, after a comma', '$.a[0,$.b]', '$ after a comma'],
    ['nesting without end', `$[?${'('.repeat(10_000)}`, 'nested too deep'],
    ['brackets nested without end', `$${'[@'.repeat(10_000)}`, 'nested too deep'],
    ['negations without end', `$[?${'!'.repeat(10_000)}@]`, 'nested too deep'],
  ])('%s', (_, path, message) => {
    expect(() => JsonPath.parse(path)).toThrow(PathRefusedError);
    expect(() => JsonPath.parse(path)).toThrow(message);
  });
});

describe('a path on which a NemesisDB would end its process is answered', () => {
  test.each([
    ['an integer divided by zero', '$[?@/0 == 1]'],
    ['an integer modulo zero', '$[?@%0 == 1]'],
    ['an integer of more than 64 bits compared with a boolean', '$[?@ == true]'],
  ])('%s', (_, path) => {
    expect(placesOf(path, readExactly('[1,2,123456789012345678901234567890]'))).toEqual([]);
  });
});
