-- Installs a new state of a user's object if the one that it was made from is still there and nobody leads or waits.
-- The states move by plain commands around this script: scripts pay for every byte that they see.
--
-- KEYS: 1 state, 2 description, 3 records, 4 the new state (8 bytes of version, then the state),
--       5 lease, 6 queue, 7 waiting, 8 suspects
-- ARGV: 1 sequence number, or '' where running twice does no harm, 2 field of the session's record, '+' if it is to be new,
--       3 server time after which a repeat is refused or '', 4 version the new state was made from, 8 bytes, or '' to create the object,
--       5 channel of announcements, or '' where nobody can be waiting, 6 type, 7 detail, 8 end of the job's lease (to create)
-- Replies: 'D' done, 'N' not done: there is another state, 'Q' not done: others are about,
--          'A' there is no object, 'E' there is one already
local call = redis.call
local state, description, records, staged, lease, queue = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local function finish(reply)
  call('DEL', staged)
  return reply
end

local field, renew, record, ran = string.sub(ARGV[2], 1, 17), #ARGV[2] > 17 and now_ms()
if ARGV[1] ~= '' then
  record, ran = recall(records, field, ARGV[1], ARGV[3])
  if ran == true then
    if string.sub(record, 25, 25) == '-' then return finish(ARGV[4] == '' and 'E' or 'A') end
    return finish('D')
  end
  if ran then return finish(ran) end
end

local led = false
if ARGV[4] == '' then
  if call('EXISTS', description) == 1 then
    -- What was sent before may still be on its way. It must not create the object once this one is gone; where that
    -- can't be noted, nobody knows.
    local noted = ARGV[3] ~= '' and remember(records, description, field, record, renew, ARGV[1], '-', '')
    if type(noted) == 'table' then return finish(noted) end
    return finish('E')
  end
  local ended = over(ARGV[8])
  if ended then return finish(ended) end
else
  local version = call('GETRANGE', state, 0, 7)
  if version == '' then return finish('A') end
  if version ~= ARGV[4] then return finish('N') end
  led = call('EXISTS', lease) == 1
  if (led and call('HEXISTS', lease, 'le') == 1) or call('EXISTS', queue) == 1 then return finish('Q') end
end
if call('EXISTS', staged) == 0 then return redis.error_reply('CRUCIAL_UNSTAGED the new state is missing') end

-- What needs memory comes first: where there is none, nothing has been done.
if ARGV[1] ~= '' then
  local noted = remember(records, description, field, record, renew, ARGV[1], 'r', '')
  if type(noted) == 'table' then return noted end
end
-- Whoever led before can't commit any more.
if led then call('HINCRBY', lease, 't', 1) end
if ARGV[4] == '' then
  -- What an object before this one left behind is not this one's.
  call('DEL', description, lease, queue, KEYS[7], KEYS[8])
  call('HSET', description, 'type', ARGV[6], 'detail', ARGV[7], 'format', 1)
  call('PERSIST', records)
  call('RENAME', staged, state)
  call('PERSIST', state)
else
  local left = call('PTTL', state)
  call('RENAME', staged, state)
  if left > 0 then call('PEXPIRE', state, left) else call('PERSIST', state) end
end
if ARGV[5] ~= '' then redis.pcall('PUBLISH', ARGV[5], '') end
return 'D'
