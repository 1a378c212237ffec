-- A hash: f free, t in all, m most that may lie free, n next ticket, h first ticket that may be waiting, w how many
-- wait, c closed, l whether there is a value, v the value; of each ticket that waits (q<ticket>) or holds
-- (g<ticket>) 'session count'; of each session s<session>, its first ticket.
-- A sorted set: when the lease of each session ends.
local ALL, NAMED, HOLDERS = 4294967295, 64, 100
local LEASES, free, total, next_ticket, head, waiting, most, closed, locks
local changed, told, everybody

begin = function()
  LEASES = INDEX
  local fields = redis.call('HMGET', K, 'f', 't', 'n', 'h', 'w', 'm', 'c', 'l')
  free, total, next_ticket = tonumber(fields[1]), tonumber(fields[2]), tonumber(fields[3])
  head, waiting, most = tonumber(fields[4]), tonumber(fields[5]), tonumber(fields[6])
  closed, locks = fields[7], fields[8]
  changed, told, everybody = false, {}, false
end

finish = function()
  if changed then
    redis.call('HSET', K, 'f', free, 't', total, 'n', next_ticket, 'h', head, 'w', waiting)
    keep_expiry(LEASES)
  end
  if everybody or #told > NAMED then
    notify()
  elseif #told > 0 then
    notify(table.concat(told, ' '))
  end
end

local function share(entry)
  local session, count = string.match(entry, '^(%S+) (%d+)$')
  return session, tonumber(count)
end

local function grant()
  changed = true
  while waiting > 0 do
    local entry = redis.call('HGET', K, 'q' .. head)
    if entry then
      local _, count = share(entry)
      if count > free then break end
      free, waiting = free - count, waiting - 1
      redis.call('HDEL', K, 'q' .. head)
      redis.call('HSET', K, 'g' .. head, entry)
      told[#told + 1] = head
    end
    head = head + 1
  end
  if most and free > most then free, total = most, total - (free - most) end
end

-- Every ticket of which `visit` wants to know: its kind, its number, its session, its count.
local function each_ticket(visit)
  local all = redis.call('HGETALL', K)
  for j = 1, #all, 2 do
    local kind, ticket = string.match(all[j], '^([qg])(%d+)$')
    if kind then visit(kind, tonumber(ticket), share(all[j + 1])) end
  end
end

local function ended(now)
  local sessions = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now)
  if #sessions == 0 then return nil end
  local gone = {}
  for _, session in ipairs(sessions) do gone[session] = true end
  return gone
end

-- Takes back what was lent on leases that have ended.
local function settle(now)
  local gone = ended(now)
  if not gone then return end
  redis.call('ZREMRANGEBYSCORE', LEASES, '-inf', now)
  for session in pairs(gone) do redis.call('HDEL', K, 's' .. session) end
  each_ticket(function(kind, ticket, session, count)
    if not gone[session] then return end
    redis.call('HDEL', K, kind .. ticket)
    if kind == 'q' then waiting = waiting - 1 else free = free + count end
  end)
  grant()
end

local function give_back(ticket, session, held, count)
  if count > held then return 0 end
  make_room()
  if count == held then
    redis.call('HDEL', K, 'g' .. ticket)
  else
    redis.call('HSET', K, 'g' .. ticket, session .. ' ' .. (held - count))
  end
  free = free + count
  grant()
  return 1
end

local function earliest_other(session, now)
  local first = redis.call('ZRANGE', LEASES, 0, 1, 'WITHSCORES')
  for j = 1, #first, 2 do
    if first[j] ~= session then return first[j + 1] - now end
  end
  return -1
end

function M.init(i, n)
  free, total, next_ticket, head, waiting = tonumber(ARGV[i]), tonumber(ARGV[i + 1]), 1, 1, 0
  if ARGV[i + 2] ~= '' then redis.call('HSET', K, 'm', ARGV[i + 2]) end
  if n == 4 then redis.call('HSET', K, 'l', 1, 'v', ARGV[i + 3]) end
  redis.call('DEL', LEASES)
  changed = true
  return false
end

function M.acquire(i)
  local session, lease, count, now = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), instant(i + 4)
  settle(now)
  local at_once = waiting == 0 and count <= free
  if closed then return -2 end
  if not at_once and ARGV[i + 3] ~= '1' then return 0 end
  local ticket = next_ticket
  next_ticket, changed = ticket + 1, true
  redis.call('HSETNX', K, 's' .. session, ticket)
  redis.call('ZADD', LEASES, now + lease, session)
  local first = tonumber(redis.call('HGET', K, 's' .. session))
  local reply = {ticket, at_once and 1 or 0, first, earliest_other(session, now)}
  if at_once then
    free = free - count
    redis.call('HSET', K, 'g' .. ticket, session .. ' ' .. count)
    if locks then reply[5] = redis.call('HGET', K, 'v') end
  else
    if waiting == 0 then head = ticket end
    waiting = waiting + 1
    redis.call('HSET', K, 'q' .. ticket, session .. ' ' .. count)
  end
  return reply
end

function M.granted(i)
  if not total then return false end
  if redis.call('HEXISTS', K, 'q' .. ARGV[i]) == 1 then return PENDING end
  local held = redis.call('HEXISTS', K, 'g' .. ARGV[i])
  if held == 1 and locks then return redis.call('HGET', K, 'v') end
  return held
end

function M.release(i)
  local ticket = ARGV[i]
  settle(instant(i + 2))
  if redis.call('HDEL', K, 'q' .. ticket) == 1 then
    waiting = waiting - 1
    grant()
    return 1
  end
  local entry = redis.call('HGET', K, 'g' .. ticket)
  if not entry then return 0 end
  local session, held = share(entry)
  return give_back(ticket, session, held, ARGV[i + 1] == '' and held or tonumber(ARGV[i + 1]))
end

function M.forget(i)
  settle(instant(i + 1))
  local entry = redis.call('HGET', K, 'g' .. ARGV[i])
  if not entry then return 0 end
  local _, held = share(entry)
  redis.call('HDEL', K, 'g' .. ARGV[i])
  total, changed = total - held, true
  return 1
end

function M.write(i)
  local ticket, keep = ARGV[i], tonumber(ARGV[i + 2])
  settle(instant(i + 3))
  local entry = redis.call('HGET', K, 'g' .. ticket)
  if not entry then return 0 end
  local session, held = share(entry)
  if held ~= total or keep > total then return 0 end
  redis.call('HSET', K, 'l', 1, 'v', ARGV[i + 1])
  locks = '1'
  if keep < total then give_back(ticket, session, held, total - keep) end
  return 1
end

function M.renew(i)
  local session, lease, now = ARGV[i], tonumber(ARGV[i + 1]), instant(i + 2)
  settle(now)
  local first = tonumber(redis.call('HGET', K, 's' .. session))
  if first then
    make_room()
    redis.call('ZADD', LEASES, now + lease, session)
  end
  return {first or next_ticket, earliest_other(session, now)}
end

function M.add(i)
  local count = tonumber(ARGV[i])
  settle(instant(i + 1))
  if total + count > ALL then return -1 end
  free, total = free + count, total + count
  grant()
  return total
end

function M.shrink(i)
  settle(instant(i + 1))
  local count = math.min(tonumber(ARGV[i]), free)
  free, total, changed = free - count, total - count, true
  return count
end

function M.wake_all(i)
  settle(instant(i))
  local woken = waiting
  if woken > 0 then
    each_ticket(function(kind, ticket, session)
      if kind == 'g' then return end
      redis.call('HDEL', K, 'q' .. ticket)
      redis.call('HSET', K, 'g' .. ticket, session .. ' 0')
    end)
    waiting, changed, everybody = 0, true, true
  end
  return woken
end

function M.close(i)
  settle(instant(i))
  if waiting > 0 then
    each_ticket(function(kind, ticket)
      if kind == 'q' then redis.call('HDEL', K, 'q' .. ticket) end
    end)
  end
  redis.call('HSET', K, 'c', 1)
  closed, waiting, changed, everybody = '1', 0, true, true
  return false
end

-- As it would be if what was lent on ended leases had been taken back.
function M.available(i)
  if not total then return false end
  local gone = ended(instant(i))
  if not gone then return free end
  local left, queue = free, {}
  each_ticket(function(kind, ticket, session, count)
    if kind == 'g' and gone[session] then left = left + count end
    if kind == 'q' and not gone[session] then queue[#queue + 1] = {ticket, count} end
  end)
  table.sort(queue, function(a, b) return a[1] < b[1] end)
  for _, next_one in ipairs(queue) do
    if next_one[2] > left then break end
    left = left - next_one[2]
  end
  return most and math.min(left, most) or left
end

function M.status()
  if not total then return false end
  local held = 0
  each_ticket(function(kind) if kind == 'g' then held = held + 1 end end)
  return {free, total, waiting, held, closed and 1 or 0}
end

-- The status, the value, and of each holder its session, how much it holds and how long its lease still lasts.
function M.look(i)
  local reply = M.status()
  if not reply then return false end
  local now, held, holders = instant(i), {}, {}
  each_ticket(function(kind, ticket, session, count)
    if kind == 'g' then held[#held + 1] = {ticket, session, count} end
  end)
  table.sort(held, function(a, b) return a[1] < b[1] end)
  for j = 1, math.min(#held, HOLDERS) do
    local _, session, count = unpack(held[j])
    local ends = redis.call('ZSCORE', LEASES, session) or 0
    for _, part in ipairs({session, count, math.max(ends - now, 0)}) do holders[#holders + 1] = part end
  end
  reply[6], reply[7] = M.value(), holders
  return reply
end

function M.value()
  return redis.call('HGET', K, 'v')
end
