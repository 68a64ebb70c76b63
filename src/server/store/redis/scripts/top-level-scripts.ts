import { addFields, putFields } from './parts.js';
import { script } from './script.js';

/** KEYS: top level. ARGV: fields and values. Keys that exist keep their values. */
export const addTopLevel = script('grows', addFields, 'return addFields(KEYS[1], 1)');

const clear = (effect: 'grows' | 'shrinks') =>
  script(
    effect,
    putFields,
    `
local count = redis.call('HLEN', KEYS[1])
redis.call('UNLINK', KEYS[1])
putFields(KEYS[1], 1)
return count`,
  );

/** KEYS: top level. Removes all keys. Returns how many there were. */
export const clearTopLevel = clear('shrinks');

/** As `clearTopLevel`, and writes fields and values of ARGV. */
export const clearAndSetTopLevel = clear('grows');

/** KEYS: top level. ARGV: fields. Returns those that exist. */
export const containedInTopLevel = script(
  'reads',
  `
local found = {}
for _, field in ipairs(ARGV) do
  if redis.call('HEXISTS', KEYS[1], field) == 1 then found[#found + 1] = field end
end
return found`,
);

/** KEYS: top level. ARGV: cursor, about how many keys. Returns the next cursor and keys, as HSCAN does, without values. */
export const keysOfTopLevel = script(
  'reads',
  `
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local keys = {}
for at = 1, #page[2], 2 do keys[#keys + 1] = page[2][at] end
return { page[1], keys }`,
);

/** KEYS: top level. ARGV: field, the value that is expected, the new value. Returns 0 if it has another value by now. */
export const replaceTopLevel = script(
  'grows',
  `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`,
);
