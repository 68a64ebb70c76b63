import { announce } from './parts.js';
import { script } from './script.js';

/**
 * Gives up what a member of a group has not acknowledged: it becomes the property of nobody (`-`) and as old as the group's
 * limit, so that the next look of another member takes it. Removes the member.
 *
 * KEYS: log. ARGV: group, member, that limit in milliseconds. Returns how many events were given up.
 */
export const leaveGroup = script(
  'shrinks',
  announce,
  `
local log, group, member, age = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local released = 0
while true do
  local pending = redis.call('XPENDING', log, group, '-', '+', 1000, member)
  if #pending == 0 then break end
  local ids = {}
  for _, entry in ipairs(pending) do ids[#ids + 1] = entry[1] end
  redis.call('XCLAIM', log, group, '-', 0, unpack(ids))
  -- XCLAIM counts from now on; only with IDLE does it look old.
  ids[#ids + 1] = 'IDLE'
  ids[#ids + 1] = age
  ids[#ids + 1] = 'JUSTID'
  redis.call('XCLAIM', log, group, '-', 0, unpack(ids))
  released = released + #pending
  if #pending < 1000 then break end
end
redis.call('XGROUP', 'DELCONSUMER', log, group, member)
if released > 0 then announce(log) end
return released`,
);
