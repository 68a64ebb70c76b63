/**
 * Lua that several scripts share. A session is a hash: its keys with their values, and one field for its settings. The name
 * of that field is the byte 255, which is in no UTF-8 string, and so in no key of a client.
 *
 * Settings are letters, then the duration in milliseconds: `dg 60000`.
 * - `d`: the session is deleted on expiry. Otherwise its keys are cleared.
 * - `s`, `g`: writing, or reading, moves its deadline.
 * - `v`: the event of its expiry carries its values.
 * - `-` alone: it never expires.
 *
 * Tokens stay strings: a double, which is all that Lua has, holds only half of them. Deadlines are whole milliseconds,
 * which a double holds exactly.
 */
export const settingsField = "local SETTINGS = '\\255'";

/** The engine's time in milliseconds. */
export const now = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end`;

/** A number as a score or an argument: by itself, Lua writes 14 digits. */
export const exact = `
local function exact(number)
  return string.format('%.0f', number)
end`;

export const durationOf = `
local function durationOf(settings)
  return tonumber(string.match(settings, ' (.+)$'))
end`;

/** Writes ARGV[first], ARGV[first + 1], … as fields and values. Returns how many were new. In parts: Lua's stack is bounded. */
export const putFields = `
local function putFields(key, first)
  local added = 0
  for at = first, #ARGV, 2000 do
    added = added + redis.call('HSET', key, unpack(ARGV, at, math.min(at + 1999, #ARGV)))
  end
  return added
end`;

/** The fields and values in ARGV whose field is absent are written. Returns how many. */
export const addFields = `
local function addFields(key, first)
  local added = 0
  for at = first, #ARGV, 2 do
    added = added + redis.call('HSETNX', key, ARGV[at], ARGV[at + 1])
  end
  return added
end`;

/** All keys and values of a session, one after the other. */
export const entriesOf = `
local function entriesOf(session)
  local all = redis.call('HGETALL', session)
  local entries = {}
  for at = 1, #all, 2 do
    if all[at] ~= SETTINGS then
      entries[#entries + 1] = all[at]
      entries[#entries + 1] = all[at + 1]
    end
  end
  return entries
end`;

/**
 * Moves a session's deadline and publishes that. The event is published and not logged: only a server that is there can use
 * it. Its time is in microseconds, so that no two events of a session have the same.
 */
export const extend = `
local function extend(due, log, token, settings, by)
  local time = redis.call('TIME')
  local at = time[1] * 1000 + math.floor(time[2] / 1000)
  local duration = durationOf(settings)
  redis.call('ZADD', due, exact(at + duration), token)
  local id = token .. '.' .. exact(time[1] * 1000000 + time[2])
  redis.call('SPUBLISH', log, table.concat({ 'extended', id, exact(at), exact(duration), token, by }, ' '))
end`;

/** The engine's time in microseconds: it orders events of several shards, whose ids have milliseconds only. */
export const micros = `
local function micros()
  local time = redis.call('TIME')
  return string.format('%.0f', time[1] * 1000000 + time[2])
end`;

/** Tells servers that read the log that it has grown. */
export const announce = `
local function announce(log)
  redis.call('SPUBLISH', log, 'logged')
end`;
