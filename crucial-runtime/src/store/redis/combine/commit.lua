-- Stores what a leader did: the state after a batch of calls, and the reply of each. All or nothing, and once.
-- New states and large replies were staged by the commands before this one.
--
-- KEYS: 1 lease, 2 state, 3 queue, 4 waiting, 5 suspects, 6 the new state, then for each caller its record,
--       followed by its staged reply where that is large
-- ARGV: 1 token, 2 session, 3 version before, 4 version after, 8 bytes each, the same where nothing was done,
--       5 'new' where there is a new state, 6 how long a lease is, ms, 7 how long records live, ms,
--       8 what channels of inboxes begin with, 9 channel of announcements or '',
--       10 '' to let go where nobody waits, 'keep', 'pass' to whoever waits longest, or the place to pass to,
--       11 '1' where what waits is little enough to be fetched unseen, or 'list' to have it listed,
--       then for each caller its session, 'i' (its record follows whole) or 's' (it is staged), '1' where it waits
--       elsewhere, its record (sequence number and replies) or just the number
-- Replies: {'K', suspect, session, bytes, …} done and still led, {'H'} done and handed over, {'D'} done and let go,
--          {'F'} somebody else leads, {'X', session, …} these calls had been run before: nothing is done, {'A'} there is no object
local token, me, before, after, inbox, following = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[8], ARGV[10]
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

local ends = digits(now_ms() + ARGV[6])
if not repeated then
  local callers, ran, key = {}, {'X'}, 7
  for at = 12, #ARGV, 4 do
    local caller = {session = ARGV[at], elsewhere = ARGV[at + 2] == '1', reply = ARGV[at + 3], record = KEYS[key]}
    key = key + 1
    if ARGV[at + 1] == 's' then
      caller.staged = KEYS[key]
      key = key + 1
      if call('EXISTS', caller.staged) == 0 then return redis.error_reply('CRUCIAL_UNSTAGED a reply is missing') end
    end
    caller.seq = string.sub(caller.reply, 1, 16)
    if call('GETRANGE', caller.record, 0, 15) >= caller.seq then ran[#ran + 1] = caller.session end
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
    if not caller.staged then call('SET', caller.record, caller.reply, 'PX', ARGV[7]) end
  end
  for _, caller in ipairs(callers) do
    if caller.staged then
      call('RENAME', caller.staged, caller.record)
      call('PEXPIRE', caller.record, ARGV[7])
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
call('PEXPIRE', lease, ARGV[7] + ARGV[6])
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
