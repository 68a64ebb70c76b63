import { announce, durationOf, entriesOf, exact, micros, now, settingsField } from './parts.js';
import { script } from './script.js';

/** KEYS: due. ARGV: at most how many. Returns the tokens of sessions that are past their deadline, the earliest first. */
export const dueSessions = script(
  'reads',
  now,
  exact,
  `
return redis.call('ZRANGE', KEYS[1], '-inf', '(' .. exact(now()), 'BYSCORE', 'LIMIT', 0, ARGV[1])`,
);

/**
 * Expires sessions, if they are still past their deadline: of several servers that try, one does. Deletes a session or clears
 * its keys, begins its duration anew, and logs the event with what the session held.
 *
 * KEYS: due, keys, log, sessions. ARGV: length of the log, bytes of values that an event may carry, tokens of the sessions.
 * Returns how many sessions were expired.
 */
export const expireSessions = script(
  'shrinks',
  settingsField,
  now,
  exact,
  durationOf,
  entriesOf,
  micros,
  announce,
  `
local due, keys, log = KEYS[1], KEYS[2], KEYS[3]
local time = now()

local function valuesOf(session)
  local entries = entriesOf(session)
  local bytes = 0
  for _, part in ipairs(entries) do bytes = bytes + #part end
  if bytes > tonumber(ARGV[2]) then return nil end
  -- An empty table would be written as an object.
  if #entries == 0 then return '[]' end
  return cjson.encode(entries)
end

local function expire(session, token)
  local deadline = redis.call('ZSCORE', due, token)
  if not deadline or tonumber(deadline) >= time then return 0 end
  local settings = redis.call('HGET', session, SETTINGS)
  if not settings then redis.call('ZREM', due, token) return 0 end
  local count = redis.call('HLEN', session) - 1
  local event = { 'type', 'expired', 'token', token, 'micros', micros() }
  if string.find(settings, 'v', 1, true) then
    local values = valuesOf(session)
    if values then event[7], event[8] = 'values', values end
  end
  redis.call('UNLINK', session)
  if count > 0 then redis.call('DECRBY', keys, count) end
  if string.find(settings, 'd', 1, true) then
    redis.call('ZREM', due, token)
  else
    redis.call('HSET', session, SETTINGS, settings)
    local remaining = durationOf(settings)
    -- A duration that NemesisDB's 64 bits can't hold may lead back in time.
    redis.call('ZADD', due, exact(math.max(time, time + remaining)), token)
    event[#event + 1] = 'remaining'
    event[#event + 1] = exact(remaining)
  end
  redis.call('XADD', log, 'MAXLEN', '~', ARGV[1], '*', unpack(event))
  return 1
end

local expired = 0
for at = 4, #KEYS do expired = expired + expire(KEYS[at], ARGV[at - 1]) end
if expired > 0 then announce(log) end
return expired`,
);

/**
 * Ends sessions and logs that. KEYS: due, keys, log, sessions. ARGV: length of the log, by, tokens of the sessions. Returns
 * how many there were.
 */
export const endSessions = script(
  'shrinks',
  micros,
  announce,
  `
local due, keys, log = KEYS[1], KEYS[2], KEYS[3]

local function finish(session, token)
  local count = redis.call('HLEN', session) - 1
  if count < 0 then return 0 end
  redis.call('UNLINK', session)
  redis.call('ZREM', due, token)
  if count > 0 then redis.call('DECRBY', keys, count) end
  redis.call('XADD', log, 'MAXLEN', '~', ARGV[1], '*', 'type', 'ended', 'token', token, 'micros', micros(), 'by', ARGV[2])
  return 1
end

local ended = 0
for at = 4, #KEYS do ended = ended + finish(KEYS[at], ARGV[at - 1]) end
if ended > 0 then announce(log) end
return ended`,
);
