-- Installs a new state of a user's object if the one that it was made from is still there.
-- The states move by plain commands around this script: scripts pay for every byte that they see.
--
-- KEYS: 1 state, 2 description, 3 the session's record, 4 the new state (8 bytes of version, then the state)
-- ARGV: 1 sequence number, or '' where running twice does no harm, 2 how long the record lives, ms, 3 server time after which a repeat is refused or ''
--       4 version the new state was made from, 8 bytes, or '' to create the object
--       5 channel of announcements, or '' where nobody can be waiting  6 type, 7 detail (to create)
-- Replies: 'D' done, 'N' not done: there is another state, 'A' there is no object, 'E' there is one already
local function finish(reply)
  redis.call('DEL', KEYS[4])
  return reply
end

local last = ARGV[1] ~= '' and redis.call('GET', KEYS[3])
if last then
  last = string.sub(last, 1, 16)
  if last == ARGV[1] then return finish('D') end
  if last > ARGV[1] then
    finish()
    return redis.error_reply('CRUCIAL_STALE a later call of this session has run')
  end
elseif ARGV[1] ~= '' and ARGV[3] ~= '' then
  local now = redis.call('TIME')
  if now[1] * 1000 + math.floor(now[2] / 1000) > tonumber(ARGV[3]) then
    finish()
    return redis.error_reply('CRUCIAL_STALE the record of this session has ended')
  end
end

if ARGV[4] == '' then
  if redis.call('EXISTS', KEYS[2]) == 1 then return finish('E') end
else
  local version = redis.call('GETRANGE', KEYS[1], 0, 7)
  if version == '' then return finish('A') end
  if version ~= ARGV[4] then return finish('N') end
end
if redis.call('EXISTS', KEYS[4]) == 0 then return redis.error_reply('CRUCIAL_UNSTAGED the new state is missing') end

if ARGV[1] ~= '' then redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2]) end
local left = ARGV[4] == '' and -1 or redis.call('PTTL', KEYS[1])
redis.call('RENAME', KEYS[4], KEYS[1])
if left > 0 then redis.call('PEXPIRE', KEYS[1], left) else redis.call('PERSIST', KEYS[1]) end
if ARGV[4] == '' then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[2], 'type', ARGV[6], 'detail', ARGV[7])
end
if ARGV[5] ~= '' then redis.call('PUBLISH', ARGV[5], '') end
return 'D'
