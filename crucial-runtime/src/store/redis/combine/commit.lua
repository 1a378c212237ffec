-- Stores what a leader did: the state after a batch of calls, and the reply of each. All or nothing, and once.
-- New states and large replies were staged by the commands before this one.
--
-- KEYS: 1 lease, 2 state, 3 queue, 4 waiting, 5 suspects, 6 the new state, 7 records, then for each caller whose reply is
--       large the staged reply, and where it is to stand
-- ARGV: 1 token, 2 session, 3 version before, 4 version after, 8 bytes each, the same where nothing was done,
--       5 'new' where there is a new state, 6 how long a lease is, ms, 7 slot of the records,
--       8 what channels of inboxes begin with, 9 channel of announcements or '',
--       10 '' to let go where nobody waits, 'keep', 'pass' to whoever waits longest, or the place to pass to,
--       11 '1' where what waits is little enough to be fetched unseen, or 'list' to have it listed,
--       then for each caller its session, 'r' (its replies follow) or 's' (they are staged), '1' where it waits
--       elsewhere, its sequence number and the replies, or just the number
-- Replies: {'K', suspect, session, bytes, …} done and still led, {'H'} done and handed over, {'D'} done and let go,
--          {'F'} somebody else leads, {'X', session, …} these calls had been run before: nothing is done, {'A'} there is no object
local token, me, before, after, inbox, following = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[8], ARGV[10]
local records = KEYS[7]
local held = call('HMGET', lease, 't', 'lo', 'cur')
local version = call('GETRANGE', state, 0, 7)

local function refuse(reply)
  call('DEL', KEYS[6])
  return reply
end

if version == '' then
  call('DEL', lease, queue, waiting, suspects)
  return refuse({'A'})
end
if held[1] ~= token then return refuse({'F'}) end
-- Sent again after it had been done.
local repeated = version == after
if held[2] ~= me then return refuse({repeated and 'D' or 'F'}) end
if not repeated and version ~= before then return refuse({'F'}) end

local now = now_ms()
local ends = digits(now + ARGV[6])
if not repeated then
  local callers, ran, key = {}, {'X'}, 8
  for at = 12, #ARGV, 4 do
    local caller = {session = ARGV[at], kind = ARGV[at + 1], elsewhere = ARGV[at + 2] == '1', reply = ARGV[at + 3]}
    if caller.kind == 's' then
      caller.staged, caller.place = KEYS[key], KEYS[key + 1]
      key = key + 2
      if call('EXISTS', caller.staged) == 0 then return redis.error_reply('CRUCIAL_UNSTAGED a reply is missing') end
    end
    caller.seq, caller.field = string.sub(caller.reply, 1, 16), caller.session .. ARGV[7]
    caller.record = call('HGET', records, caller.field)
    if caller.record and string.sub(caller.record, 1, 16) >= caller.seq then ran[#ran + 1] = caller.session end
    callers[#callers + 1] = caller
  end
  if #ran > 1 then
    for at = 2, #ran do call('HDEL', queue, ran[at]) end
    return refuse(ran)
  end
  if ARGV[5] == 'new' and call('EXISTS', KEYS[6]) == 0 then
    return redis.error_reply('CRUCIAL_UNSTAGED the new state is missing')
  end

  -- What needs memory comes first: where there is none, nothing has been done.
  call('HSET', lease, 'le', ends)
  for _, caller in ipairs(callers) do
    local replies = string.sub(caller.reply, 17)
    remember(records, state, caller.field, caller.record, now, caller.seq, caller.kind, replies)
    if caller.staged then
      call('RENAME', caller.staged, caller.place)
      call('PEXPIRE', caller.place, RECORD_LIFE_MS)
    end
    call('HDEL', queue, caller.session)
    if caller.elsewhere then call('LREM', waiting, 1, caller.seq .. caller.session) end
  end
  if ARGV[5] == 'new' then
    local left = call('PTTL', state)
    call('RENAME', KEYS[6], state)
    if left > 0 then call('PEXPIRE', state, left) else call('PERSIST', state) end
  else
    call('SETRANGE', state, 0, after)
  end
  for _, caller in ipairs(callers) do
    if caller.elsewhere then
      if caller.staged then tell(inbox, caller.seq .. caller.session, 'F', '') else
        redis.pcall('PUBLISH', inbox .. caller.session, caller.reply)
      end
    end
  end
  if ARGV[9] ~= '' then redis.pcall('PUBLISH', ARGV[9], '') end
else
  call('DEL', KEYS[6])
  call('HSET', lease, 'le', ends)
end
call('PEXPIRE', lease, RECORD_LIFE_MS + ARGV[6])
local cur = suspect(held[3] or '')

local function let_go()
  call('HDEL', lease, 'le', 'lo', 'a', 'cur', 'at', 'died')
  call('DEL', suspects)
  return {'D'}
end

-- The lease is the other's if it hears of it; a dead one is passed over.
local function pass(place)
  local session = string.sub(place, 17)
  local size = call('HSTRLEN', queue, session)
  if size == 0 then return false end
  local heard = tell(inbox, place, 'L', after .. ARGV[11])
  -- Nobody else can do what a request for the lease asks for, nor what was passed to its own sender.
  if size == 16 or (not heard and place == following) then call('HDEL', queue, session) end
  if not heard then return false end
  call('HSET', lease, 't', digits(tonumber(token) + 1), 'lo', session)
  call('HDEL', lease, 'a', 'at')
  return true
end

if call('HLEN', queue) == 0 then
  if following == 'keep' then return {'K', cur} end
  return let_go()
end
if following == '' or following == 'keep' then
  local reply = {'K', cur}
  return ARGV[11] == 'list' and list(reply) or reply
end
if following ~= 'pass' then
  call('LREM', waiting, 1, following)
  if pass(following) then return {'H'} end
end
local place = call('LPOP', waiting)
while place do
  if pass(place) then return {'H'} end
  place = call('LPOP', waiting)
end
return let_go()
