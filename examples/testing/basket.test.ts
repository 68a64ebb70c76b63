import { createTestNdb, type TestNdb } from 'rx-nemesisdb/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { abandonedBasket } from './basket.js';

let ndb: TestNdb;

beforeEach(async () => {
  ndb = await createTestNdb();
});

afterEach(() => ndb.close());

test('a basket is abandoned after ten minutes', async () => {
  const seen: string[] = [];
  abandonedBasket(ndb.client, 'a pear').subscribe((line) => seen.push(line));
  await ndb.advance('9 min');
  expect(seen).toEqual([]);
  await ndb.advance('2 min');
  expect(seen).toEqual(['a basket with a pear was abandoned']);
});

test('it is found abandoned though the connection was cut meanwhile', async () => {
  const seen: string[] = [];
  abandonedBasket(ndb.client, 'a pear').subscribe((line) => seen.push(line));
  await ndb.advance('5 min');
  ndb.faults.cut();
  await ndb.advance('6 min');
  expect(seen).toEqual(['a basket with a pear was abandoned']);
});
