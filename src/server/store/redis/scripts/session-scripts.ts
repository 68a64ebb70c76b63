import { addFields, durationOf, entriesOf, exact, extend, now, putFields, settingsField } from './parts.js';
import { script } from './script.js';

/**
 * KEYS: session, due, keys. ARGV: token, settings, fields and values. Returns 0 if the token is in use.
 * `due` is the sorted set of all sessions by deadline; `keys` counts the keys in all of them.
 */
export const startSession = script(
  'grows',
  settingsField,
  now,
  exact,
  durationOf,
  putFields,
  `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], SETTINGS, ARGV[2])
local added = putFields(KEYS[1], 3)
if added > 0 then redis.call('INCRBY', KEYS[3], added) end
local deadline = 'inf'
if ARGV[2] ~= '-' then deadline = exact(now() + durationOf(ARGV[2])) end
redis.call('ZADD', KEYS[2], deadline, ARGV[1])
return 1`,
);

const write = (put: string) =>
  script(
    'grows',
    settingsField,
    durationOf,
    exact,
    extend,
    put === 'addFields' ? addFields : putFields,
    `
local settings = redis.call('HGET', KEYS[1], SETTINGS)
if not settings then return 0 end
local added = ${put}(KEYS[1], 3)
if added > 0 then redis.call('INCRBY', KEYS[3], added) end
if string.find(settings, 's', 1, true) then extend(KEYS[2], KEYS[4], ARGV[1], settings, ARGV[2]) end
return 1`,
  );

/** KEYS: session, due, keys, log. ARGV: token, by, fields and values. Returns 0 if there is no such session. */
export const setInSession = write('putFields');

/** As `setInSession`; keys that exist keep their values. */
export const addToSession = write('addFields');

/** KEYS: session, due, log. ARGV: token, by, fields. Returns the values, or 0 if there is no such session. */
export const getFromSession = script(
  'shrinks',
  settingsField,
  durationOf,
  exact,
  extend,
  `
local settings = redis.call('HGET', KEYS[1], SETTINGS)
if not settings then return 0 end
local values = {}
for first = 3, #ARGV, 2000 do
  for _, value in ipairs(redis.call('HMGET', KEYS[1], unpack(ARGV, first, math.min(first + 1999, #ARGV)))) do
    values[#values + 1] = value
  end
end
if string.find(settings, 'g', 1, true) then extend(KEYS[2], KEYS[3], ARGV[1], settings, ARGV[2]) end
return values`,
);

/** KEYS: session, keys. ARGV: fields. Returns 0 if there is no such session. */
export const removeFromSession = script(
  'shrinks',
  settingsField,
  `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local removed = 0
for first = 1, #ARGV, 2000 do
  removed = removed + redis.call('HDEL', KEYS[1], unpack(ARGV, first, math.min(first + 1999, #ARGV)))
end
if removed > 0 then redis.call('DECRBY', KEYS[2], removed) end
return 1`,
);

/** KEYS: session. ARGV: fields. Returns those that exist, or 0 if there is no such session. */
export const containedInSession = script(
  'reads',
  `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local found = {}
for _, field in ipairs(ARGV) do
  if redis.call('HEXISTS', KEYS[1], field) == 1 then found[#found + 1] = field end
end
return found`,
);

/** KEYS: session. Returns its keys, or 0 if there is no such session. */
export const keysOfSession = script(
  'reads',
  settingsField,
  `
local keys = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if field ~= SETTINGS then keys[#keys + 1] = field end
end
if #keys == redis.call('HLEN', KEYS[1]) then return 0 end
return keys`,
);

const clear = (effect: 'grows' | 'shrinks') =>
  script(
    effect,
    settingsField,
    putFields,
    `
local settings = redis.call('HGET', KEYS[1], SETTINGS)
if not settings then return -1 end
local removed = redis.call('HLEN', KEYS[1]) - 1
redis.call('UNLINK', KEYS[1])
redis.call('HSET', KEYS[1], SETTINGS, settings)
redis.call('INCRBY', KEYS[2], putFields(KEYS[1], 1) - removed)
return removed`,
  );

/** KEYS: session, keys. Returns how many keys were removed, or -1 if there is no such session. */
export const clearSession = clear('shrinks');

/** As `clearSession`, and writes fields and values of ARGV. */
export const clearAndSetSession = clear('grows');

/** KEYS: session, due. ARGV: token. Returns its settings, how many keys it has, and the milliseconds that are left. */
export const infoOfSession = script(
  'reads',
  settingsField,
  now,
  exact,
  `
local settings = redis.call('HGET', KEYS[1], SETTINGS)
if not settings then return 0 end
local remaining = ''
if settings ~= '-' then remaining = exact(redis.call('ZSCORE', KEYS[2], ARGV[1]) - now()) end
return { settings, redis.call('HLEN', KEYS[1]) - 1, remaining }`,
);

/** KEYS: session. Returns its settings, then its keys and values, or 0 if there is no such session. */
export const dumpSession = script(
  'reads',
  settingsField,
  entriesOf,
  `
local settings = redis.call('HGET', KEYS[1], SETTINGS)
if not settings then return 0 end
local entries = entriesOf(KEYS[1])
table.insert(entries, 1, settings)
return entries`,
);
