-- What the scripts of led objects share. A place in the queue is a sequence number and a session, 16 characters each.
local call = redis.call
local lease, state, queue, waiting, suspects = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

-- Whole numbers beyond what Lua prints in full by itself.
local function digits(number)
  return string.format('%.0f', number)
end

-- Tells whoever waits at that place; whether anybody has heard.
local function tell(inbox, place, kind, news)
  local heard = redis.pcall('PUBLISH', inbox .. string.sub(place, 17), kind .. string.sub(place, 1, 16) .. news)
  return type(heard) == 'number' and heard > 0
end

-- The session whose calls are suspected of having killed their leaders: the first of the suspects that still waits.
local function suspect(former)
  if former == '' then return '' end
  local next = call('LINDEX', suspects, 0) or ''
  if next == former and call('HEXISTS', queue, next) == 1 then return next end
  while next ~= '' and call('HEXISTS', queue, next) == 0 do
    call('LPOP', suspects)
    next = call('LINDEX', suspects, 0) or ''
  end
  if next == former then return next end
  if next == '' then call('HDEL', lease, 'cur', 'a', 'at', 'died') else
    call('HSET', lease, 'cur', next)
    call('HDEL', lease, 'at', 'died')
  end
  return next
end

-- Appends whose calls wait and how many bytes they have, the first to come first.
local function list(reply)
  local known = {}
  local function add(session)
    if known[session] then return end
    known[session] = true
    local size = call('HSTRLEN', queue, session)
    if size > 0 then
      reply[#reply + 1] = session
      reply[#reply + 1] = size
    end
  end
  for _, place in ipairs(call('LRANGE', waiting, 0, 255)) do add(string.sub(place, 17)) end
  if call('HLEN', queue) <= 256 then
    for _, session in ipairs(call('HKEYS', queue)) do add(session) end
  end
  return reply
end
