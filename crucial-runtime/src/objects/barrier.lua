-- A hash: p parties, g generation, w how many of it have come, b 1 where it is broken, x the broken generations before,
-- oldest first; of each session that has come s<session>, the generation that it last came to.
-- A sorted set: when the lease of each session ends.
local REMEMBERED, SHOWN = 16, 100
local LEASES, parties, generation, waiting, broken, past
local changed, ended_now, everybody

begin = function()
  LEASES = INDEX
  local fields = redis.call('HMGET', K, 'p', 'g', 'w', 'b', 'x')
  parties, generation, waiting = tonumber(fields[1]), tonumber(fields[2]), tonumber(fields[3])
  broken, past = fields[4] == '1', {}
  for number in string.gmatch(fields[5] or '', '%d+') do past[#past + 1] = tonumber(number) end
  changed, ended_now, everybody = false, {}, false
end

finish = function()
  if not changed then return end
  redis.call('HSET', K, 'p', parties, 'g', generation, 'w', waiting, 'b', broken and 1 or 0, 'x', table.concat(past, ' '))
  keep_expiry(LEASES)
  if everybody then
    notify()
  elseif #ended_now > 0 then
    notify(table.concat(ended_now, ' '))
  end
end

local function break_now()
  broken, changed, everybody = true, true, true
end

local function next_generation()
  ended_now[#ended_now + 1] = generation
  generation, waiting, broken, changed = generation + 1, 0, false, true
end

-- Whether a session whose lease has ended is missed: it came to this generation or to the one before.
local function missed(session)
  local last = tonumber(redis.call('HGET', K, 's' .. session))
  return last and last + 1 >= generation
end

local function is_broken(now)
  if broken then return true end
  for _, session in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', now)) do
    if missed(session) then return true end
  end
  return false
end

-- Breaks the barrier if it has lost a party.
local function settle(now)
  local gone = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now)
  if #gone == 0 then return end
  redis.call('ZREMRANGEBYSCORE', LEASES, '-inf', now)
  for _, session in ipairs(gone) do
    if missed(session) and not broken then break_now() end
    redis.call('HDEL', K, 's' .. session)
  end
end

local function earliest_other(session, now)
  local first = redis.call('ZRANGE', LEASES, 0, 1, 'WITHSCORES')
  for j = 1, #first, 2 do
    if first[j] ~= session then return first[j + 1] - now end
  end
  return -1
end

-- 0 broken, 1 complete, nil if it has not ended.
local function ended(number)
  if number >= generation then return broken and 0 or nil end
  if #past == REMEMBERED and number < past[1] then return 0 end
  for _, other in ipairs(past) do
    if other == number then return 0 end
  end
  return 1
end

function M.init(i)
  parties, generation, waiting, changed = tonumber(ARGV[i]), 0, 0, true
  redis.call('DEL', LEASES)
  return false
end

function M.status(i)
  if not parties then return {0, 0, 0, 0} end
  return {parties, waiting, is_broken(instant(i)) and 1 or 0, generation}
end

-- The processes whose parties have come to the generation that gathers now, and how long their leases still last.
function M.look(i)
  if not parties then return {} end
  local now, reply = instant(i), {}
  local all = redis.call('ZRANGE', LEASES, 0, -1, 'WITHSCORES')
  local come = {}
  for j = 1, #all, 2 do
    if tonumber(redis.call('HGET', K, 's' .. all[j])) == generation then
      come[#come + 1] = {all[j], math.max(all[j + 1] - now, 0)}
    end
  end
  table.sort(come, function(a, b) return a[1] < b[1] end)
  for j = 1, math.min(#come, SHOWN) do
    reply[#reply + 1], reply[#reply + 2] = come[j][1], come[j][2]
  end
  return reply
end

function M.passed(i)
  if not parties then return false end
  return ended(tonumber(ARGV[i])) or PENDING
end

function M.arrive(i)
  local session, lease, count, now = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), instant(i + 3)
  settle(now)
  if broken then return false end
  if parties == 0 then return 0 end
  local mine, place = generation, waiting
  -- First what a full server refuses, so that nobody has come then.
  redis.call('HSET', K, 's' .. session, mine + math.floor(math.max(place + count - 1, 0) / parties))
  redis.call('ZADD', LEASES, now + lease, session)
  while count > 0 do
    local come = math.min(count, parties - waiting)
    count, waiting = count - come, waiting + come
    if waiting == parties then next_generation() end
  end
  changed = true
  return {mine, place, parties, earliest_other(session, now)}
end

function M.arrive_and_drop(i)
  settle(instant(i))
  if broken then return false end
  if parties == 0 then return -1 end
  parties, changed = parties - 1, true
  if waiting == parties then next_generation() end
  return parties
end

function M.give_up(i)
  settle(instant(i + 1))
  local outcome = ended(tonumber(ARGV[i]))
  if outcome then return outcome end
  break_now()
  return 2
end

function M.reset(i)
  settle(instant(i))
  if broken or waiting > 0 then
    past[#past + 1] = generation
    if #past > REMEMBERED then table.remove(past, 1) end
    next_generation()
  end
  return false
end

function M.renew(i)
  local session, lease, now = ARGV[i], tonumber(ARGV[i + 1]), instant(i + 2)
  settle(now)
  if redis.call('ZSCORE', LEASES, session) then
    make_room()
    redis.call('ZADD', LEASES, now + lease, session)
  end
  return {0, earliest_other(session, now)}
end

function M.leave(i)
  settle(instant(i + 1))
  redis.call('ZREM', LEASES, ARGV[i])
  redis.call('HDEL', K, 's' .. ARGV[i])
  return false
end
