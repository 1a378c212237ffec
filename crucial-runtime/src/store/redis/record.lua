-- What the server remembers of the last call of each session on an object: a repeat is answered from it and does not
-- run again. Every script begins with this file.
--
-- The records of an object are one hash. It has no time to live as long as its object has none: a server that evicts
-- keys with a time to live (maxmemory-policy volatile-*) would forget which calls have run. It outlives its object by
-- RECORD_LIFE_MS, since a call that ran before the removal may be repeated after it.
--
-- A field is a session and its slot (17 characters). Its value is the sequence number of the call (16 hex digits), the
-- time at which the record was new in seconds since 1970 (8 hex digits), and 'r' with what the call gave, 's' where
-- that stands under a key of its own, or '-' where the call was refused because there was no object, or one already.

local function now_ms()
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

-- Why nothing may be created in the namespace of a job whose lease has ended at that time (ms), if it has ('' is never):
-- whoever clears it may have been there.
local function over(ends)
  if ends ~= '' and now_ms() > tonumber(ends) then
    return redis.error_reply('CRUCIAL_ENDED the job has ended')
  end
end

-- The session's record, and a second value where the call must not run: true if it has run, else an error.
local function recall(records, field, seq, refuse_after)
  local record = redis.call('HGET', records, field)
  if record then
    local last = string.sub(record, 1, 16)
    if last == seq then return record, true end
    if last > seq then
      return record, redis.error_reply('CRUCIAL_STALE a later call of this session has run')
    end
  elseif refuse_after ~= '' and now_ms() > tonumber(refuse_after) then
    return record, redis.error_reply('CRUCIAL_STALE the record of this session has ended')
  end
  return record
end

-- Removes outdated records, a few at a time, for as long as every second one is outdated: at most 64.
local function prune(records, now)
  for _ = 1, 8 do
    local fields, old = redis.call('HRANDFIELD', records, 8), {}
    for place, record in ipairs(redis.call('HMGET', records, unpack(fields))) do
      local age = now - (tonumber(string.sub(record, 17, 24), 16) or 0)
      if age * 1000 > RECORD_LIFE_MS then old[#old + 1] = fields[place] end
    end
    if #old > 0 then redis.call('HDEL', records, unpack(old)) end
    if #old * 2 < #fields then return end
  end
end

-- Has records end after an object that is going to end, or is not there.
local function outlive(records, object)
  local left = redis.call('PTTL', object)
  if left ~= -1 then redis.call('PEXPIRE', records, math.max(left, 0) + RECORD_LIFE_MS) end
end

-- Writes a record in the place of the former one, if there is any. It keeps the time of that one unless it is to be new,
-- which `renew` tells by the time in milliseconds. `object` is a key that lives as long as the object. What a full server
-- says to this is the reply.
local function remember(records, object, field, former, renew, seq, kind, words)
  local time, now = former and string.sub(former, 17, 24), renew or not former and now_ms()
  -- Once a session, and then once in a while.
  local prunes = not former or now and math.abs(now - tonumber(time, 16) * 1000) >= RECORD_RENEWAL_MS
  if now then time = string.format('%08x', math.floor(now / 1000)) end
  local noted = redis.pcall('HSET', records, field, seq .. time .. kind .. words)
  if prunes and type(noted) == 'number' then
    if not former then outlive(records, object) end
    prune(records, now / 1000)
  end
  return noted
end
