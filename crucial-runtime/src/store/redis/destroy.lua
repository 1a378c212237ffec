-- Removes an object, once.
-- KEYS: 1 description, 2 the session's record, 3 places in the queue, 4... the object's data
-- ARGV: 1 sequence number, 2 how long the record lives, ms, 3 server time after which a repeat is refused or ''
--       4 channel of announcements, 5 what channels of inboxes begin with
local record = redis.call('GET', KEYS[2])
if record then
  local last = string.sub(record, 1, 16)
  if last == ARGV[1] then return tonumber(string.sub(record, 17)) end
  if last > ARGV[1] then return redis.error_reply('CRUCIAL_STALE a later call of this session has run') end
elseif ARGV[3] ~= '' then
  local now = redis.call('TIME')
  if now[1] * 1000 + math.floor(now[2] / 1000) > tonumber(ARGV[3]) then
    return redis.error_reply('CRUCIAL_STALE the record of this session has ended')
  end
end
local existed = redis.call('DEL', KEYS[1])
local places = redis.call('LRANGE', KEYS[3], 0, -1)
redis.call('UNLINK', unpack(KEYS, 3))
-- The record comes last and without need of memory to spare: a full server can still remove objects.
redis.pcall('SET', KEYS[2], ARGV[1] .. existed, 'PX', ARGV[2])
redis.call('PUBLISH', ARGV[4], '')
-- Whoever waits for somebody to run its call finds out that there is nothing to run it on.
for _, place in ipairs(places) do
  redis.pcall('PUBLISH', ARGV[5] .. string.sub(place, 17), 'L' .. string.sub(place, 1, 16))
end
return existed
