-- Asks for a call to be run: whoever leads the object runs it, and where nobody leads, the caller does.
-- The call has been put into the queue by the command before this one; an empty one asks for the lease itself.
--
-- KEYS: 1 lease, 2 state, 3 queue, 4 waiting, 5 suspects, 6 records
-- ARGV: 1 session, 2 sequence number, 3 server time after which a repeat is refused or '',
--       4 'new' where the call has been put into the queue, or 'again', 5 the version that the caller has, 8 bytes, or '',
--       6 how long a lease is, ms, 7 field of the session's record, 8 bytes of a state or a reply that travel in the answer
-- Replies: {'R', reply} it has run, {'F'} it has run and the reply is to be fetched, {'Q', ms} it waits behind a lease,
--          {'N'} it is not in the queue, {'A'} there is no object,
--          {'G', token, version, state or '', suspect or '', the suspect's calls that its leaders died at, session, bytes, …}
--          the caller leads
local records, me, seq, field = KEYS[6], ARGV[1], ARGV[2], ARGV[7]
local place = seq .. me

local function leave(reply)
  call('HDEL', queue, me)
  call('LREM', waiting, 1, place)
  return reply
end

local record, ran = recall(records, field, seq, ARGV[3])
if ran == true then
  leave()
  -- A lease that was handed over to this very call is of no use any more.
  if call('HGET', lease, 'lo') == me then call('HDEL', lease, 'le', 'lo', 'a', 'cur', 'at', 'died') end
  local kind = string.sub(record, 25, 25)
  if kind == '-' then return {'A'} end
  if kind == 's' or #record - 25 > tonumber(ARGV[8]) then return {'F'} end
  return {'R', string.sub(record, 26)}
end
if ran then return leave(ran) end
local now = now_ms()
local version = redis.pcall('GETRANGE', state, 0, 7)
if type(version) == 'table' then return leave(version) end
if version == '' then
  call('DEL', lease, queue, waiting, suspects)
  -- What was sent before may still be on its way. It must not run in the object's next life; where that can't be noted,
  -- nobody knows.
  local noted = ARGV[3] ~= '' and remember(records, state, field, record, now, seq, '-', '')
  if type(noted) == 'table' then return noted end
  return {'A'}
end

local held = call('HMGET', lease, 't', 'le', 'lo', 'cur')
local ends, mine, cur = tonumber(held[2] or 0), held[3] == me, held[4] or ''
if ARGV[4] == 'new' then
  -- Sent again, it may have its place already.
  if ARGV[3] ~= '' then call('LREM', waiting, 1, place) end
elseif not mine and call('HEXISTS', queue, me) == 0 then
  return {'N'}
end
if ends > now and not mine then
  if ARGV[4] == 'new' then
    local placed = redis.pcall('RPUSH', waiting, place)
    if type(placed) == 'table' then return leave(placed) end
    -- What nobody comes for goes by itself.
    call('PEXPIRE', queue, RECORD_LIFE_MS)
    call('PEXPIRE', waiting, RECORD_LIFE_MS)
  end
  return {'Q', ends - now}
end

local time = call('TIME')
-- Tokens rise, even if what is known of the lease was removed in between.
local token = digits(math.max(tonumber(held[1] or 0) + 1, time[1] * 1000000 + time[2]))
local granted = redis.pcall('HSET', lease, 't', token, 'le', digits(now + ARGV[6]), 'lo', me)
if type(granted) == 'table' then return leave(granted) end
call('PEXPIRE', lease, RECORD_LIFE_MS + ARGV[6])
-- What those leave that die leading is not run when everybody has forgotten it.
call('PEXPIRE', queue, RECORD_LIFE_MS)
if ARGV[4] ~= 'new' then call('LREM', waiting, 1, place) end
-- Who asked for the lease has it.
if call('HSTRLEN', queue, me) == 16 then call('HDEL', queue, me) end

if ends > 0 and not mine then
  -- Whoever led has died, or was too slow. Twice in a row, and one session's calls are run at a time, one by one.
  local before = cur
  cur = suspect(cur)
  if cur ~= '' then
    local at = call('HGET', lease, 'at') or ''
    if at ~= '' then call('HSET', lease, 'died', (call('HGET', lease, 'died') or '') .. at .. ' ') end
    call('HDEL', lease, 'at')
  elseif before == '' and call('HINCRBY', lease, 'a', 1) >= 2 then
    call('DEL', suspects)
    for _, session in ipairs(call('HKEYS', queue)) do call('RPUSH', suspects, session) end
    cur = call('LINDEX', suspects, 0) or ''
    if cur ~= '' then
      call('PEXPIRE', suspects, RECORD_LIFE_MS)
      call('HSET', lease, 'cur', cur)
    end
  end
end
local present = ''
if version ~= ARGV[5] and call('STRLEN', state) <= tonumber(ARGV[8]) then present = call('GET', state) end
local died = cur ~= '' and call('HGET', lease, 'died') or ''
return list({'G', token, version, present, cur, died})
