-- A hash: 'm' the numbers below, 'e' .. id an element, 'a' .. id how often it was delivered on lease (if it was),
-- 't' .. ticket and 'p' .. ticket until when a caller who waits to take or to put counts as alive.
-- Beside it a sorted set of whatever has an order, one range of scores after the other: takers and putters in the
-- order of coming, leases by their end, elements that came back by number, dead letters in the order of dying.
local PUTTERS, LEASES, BACK, DEAD = 2 ^ 41, 2 ^ 42, 2 ^ 43, 2 ^ 44
local LATEST = LEASES - 1
local NOT_NOW, DONE, CLOSED = 0, 1, 2

local L, exists, capacity, most, closed
-- Elements that never left have the numbers from head to before tail; those that came back have smaller ones.
local head, tail, back, leased, dead, order
local takers, putters = {prefix = 't', base = 0}, {prefix = 'p', base = PUTTERS}
-- Whom this batch calls: tickets by process, or everybody.
local called, everybody
-- Whether the sorted set had something in it before this batch; until when everything due has been done.
local sorted, done
-- The time where the queue lives, once it has been asked for.
local clock
-- Elements that this batch has put, by number, and fields that it has taken: most elements of a busy queue are gone
-- before they would have been written.
local fresh, gone

local function in_order()
  return back + leased + dead + takers.count + putters.count > 0
end

begin = function()
  L, called, everybody, done = INDEX, {}, false, nil
  clock, fresh, gone = nil, {}, {}
  local numbers = redis.call('HGET', K, 'm')
  exists = numbers and true
  capacity, most, closed, head, tail, back, leased, dead, order, takers.count, takers.called, putters.count,
    putters.called = unpack(numbers and cmsgpack.unpack(numbers) or {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
  sorted = in_order()
end

local function insist(field, value)
  if type(redis.pcall('HSET', K, field, value)) == 'table' then
    make_room()
    redis.call('HSET', K, field, value)
  end
end

-- Removes first, so that what is put is refused unless somebody in the same batch has made room for it.
local function write()
  for j = 1, #gone, 4000 do
    redis.call('HDEL', K, unpack(gone, j, math.min(j + 3999, #gone)))
  end
  local fields = {}
  for id, element in pairs(fresh) do
    fields[#fields + 1] = 'e' .. id
    fields[#fields + 1] = element
  end
  for j = 1, #fields, 4000 do
    redis.call('HSET', K, unpack(fields, j, math.min(j + 3999, #fields)))
  end
  fresh, gone = {}, {}
end

local function time(i)
  if ARGV[i] ~= '' then return tonumber(ARGV[i]) end
  clock = clock or instant(i)
  return clock
end

finish = function()
  write()
  local numbers = {capacity, most, closed, head, tail, back, leased, dead, order, takers.count, takers.called,
    putters.count, putters.called}
  insist('m', cmsgpack.pack(numbers))
  if not sorted and in_order() then keep_expiry(L) end
  for process, tickets in pairs(called) do
    redis.call('PUBLISH', K .. ':c:' .. process, table.concat(tickets, ' '))
  end
  if everybody then notify() end
end

local function first_rank(line)
  return line == putters and takers.count or 0
end

local function position(line, ticket)
  local rank = ticket ~= '' and line.count > 0 and redis.call('ZRANK', L, line.prefix .. ticket)
  return rank and rank - first_rank(line) or line.count
end

-- How much of what there is the holder of a ticket may have, and its place in line.
local function share(line, ticket, available)
  local place = position(line, ticket)
  if place >= available then return 0, place end
  local others = place < line.count and line.count - 1 or line.count
  return math.max(1, available - others), place
end

-- Something ends then: if that is due already, the next call of this batch has to see to it.
local function ends_at(till)
  if done and till <= done then done = nil end
end

local function join(line, ticket, till)
  local member = line.prefix .. ticket
  ends_at(till)
  if redis.call('HSET', K, member, till) == 1 then
    redis.call('ZADD', L, line.base + order, member)
    order, line.count = order + 1, line.count + 1
  end
end

local function leave(line, ticket, place)
  local member = line.prefix .. ticket
  place = place or position(line, ticket)
  if place == line.count then return 0 end
  redis.call('ZREM', L, member)
  redis.call('HDEL', K, member)
  line.count = line.count - 1
  if place < line.called then line.called = line.called - 1 end
  -- Whoever is first now may be dead.
  if place == 0 then done = nil end
  return 1
end

local function advance(line, now)
  while line.count > 0 do
    local rank = first_rank(line)
    local member = redis.call('ZRANGE', L, rank, rank)[1]
    if tonumber(redis.call('HGET', K, member)) > now then return end
    leave(line, string.sub(member, 2), 0)
  end
end

local function call(line, available, tickets)
  local count = math.min(available, line.count)
  if count > line.called then
    local rank = first_rank(line)
    for _, member in ipairs(redis.call('ZRANGE', L, rank + line.called, rank + count - 1)) do
      tickets[#tickets + 1] = string.sub(member, 2)
    end
  end
  line.called = count
end

local function ready()
  return back + tail - head
end

local function room()
  return capacity == 0 and math.huge or math.max(0, capacity - ready() - leased)
end

local function drained()
  return closed == 1 and ready() + leased == 0
end

-- Puts whom this call has called after the first part of its reply.
local function answer(reply)
  -- The server drops an empty set and its expiry; the next call may need it again.
  if not in_order() then sorted = false end
  local tickets = {}
  if takers.count + takers.called > 0 then call(takers, ready(), tickets) end
  if putters.count + putters.called > 0 then call(putters, room(), tickets) end
  if drained() and takers.count > 0 then
    everybody = true
    table.insert(reply, 2, 1)
  elseif #tickets > 0 then
    for _, ticket in ipairs(tickets) do
      local process = string.match(ticket, '^[^:]*')
      called[process] = called[process] or {}
      table.insert(called[process], ticket)
    end
    table.insert(reply, 2, tickets)
  else
    table.insert(reply, 2, false)
  end
  return reply
end

local function deliveries(id)
  return tonumber(redis.call('HGET', K, 'a' .. id) or 0)
end

local function worn(count)
  return most > 0 and count >= most
end

-- The elements whose leases have ended: those that can be taken again, and those that are dead.
local function ended(now)
  local again, dying = {}, {}
  if leased == 0 then return again, dying end
  local ids = redis.call('ZRANGEBYSCORE', L, LEASES, LEASES + math.min(now, LATEST))
  for j, member in ipairs(ids) do ids[j] = tonumber(string.sub(member, 2)) end
  table.sort(ids)
  for _, id in ipairs(ids) do
    table.insert(worn(deliveries(id)) and dying or again, id)
  end
  return again, dying
end

local function end_lease(id)
  redis.call('ZREM', L, 'l' .. id)
  leased = leased - 1
end

local function bring_back(id, count)
  if worn(count) then
    redis.call('ZADD', L, DEAD + order, 'd' .. id)
    redis.call('HDEL', K, 'a' .. id)
    order, dead = order + 1, dead + 1
  else
    redis.call('ZADD', L, BACK + id, 'r' .. id)
    back = back + 1
  end
end

-- What is due by now, which it is once for all calls of a batch at that time, unless they make something due.
local function due(now)
  if now == done and now < LATEST then return end
  local again, dying = ended(now)
  for _, id in ipairs(again) do
    end_lease(id)
    bring_back(id, 0)
  end
  for _, id in ipairs(dying) do
    end_lease(id)
    bring_back(id, most)
  end
  advance(takers, now)
  advance(putters, now)
  done = now
end

local function append(i, n)
  for j = i, i + n - 1 do
    fresh[tail] = ARGV[j]
    tail = tail + 1
  end
end

-- Adds the first element to a reply, and hands it out for good or until then.
local function hand_out(reply, till)
  local id, count = head, 0
  if back > 0 then
    local member = redis.call('ZRANGEBYSCORE', L, BACK, '(' .. DEAD, 'LIMIT', 0, 1)[1]
    redis.call('ZREM', L, member)
    id, back = tonumber(string.sub(member, 2)), back - 1
    count = deliveries(id)
  else
    head = head + 1
  end
  local element = fresh[id] or redis.call('HGET', K, 'e' .. id)
  if till then
    count = count + 1
    insist('a' .. id, count)
    redis.call('ZADD', L, LEASES + till, 'l' .. id)
    leased = leased + 1
    ends_at(till)
  else
    if fresh[id] then fresh[id] = nil else gone[#gone + 1] = 'e' .. id end
    if count > 0 then gone[#gone + 1] = 'a' .. id end
  end
  reply[#reply + 1] = id
  reply[#reply + 1] = count
  reply[#reply + 1] = element
end

local function later(now, by)
  return math.min(now + tonumber(by), LATEST)
end

function M.init(i, n)
  redis.call('DEL', L)
  exists, closed, head, tail, back, leased, dead, order = true, 0, 0, 0, 0, 0, 0, 0
  takers.count, takers.called, putters.count, putters.called = 0, 0, 0, 0
  capacity, most = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  append(i + 2, n - 2)
  return false
end

function M.put(i, n)
  local ticket, now, count = ARGV[i], time(i + n - 1), n - 3
  due(now)
  if closed == 1 then
    leave(putters, ticket)
    return answer({CLOSED})
  end
  local fits, place = share(putters, ticket, room())
  fits = math.min(count, fits)
  if fits > 0 or count == 0 then
    leave(putters, ticket, place)
    append(i + 2, fits)
    return answer({DONE, fits})
  end
  if ticket ~= '' then join(putters, ticket, later(now, ARGV[i + 1])) end
  return answer({NOT_NOW})
end

function M.await_room(i)
  local ticket, now = ARGV[i], time(i + 2)
  due(now)
  if closed == 1 then
    leave(putters, ticket)
    return answer({CLOSED})
  end
  join(putters, ticket, later(now, ARGV[i + 1]))
  return answer({share(putters, ticket, room()) > 0 and DONE or NOT_NOW})
end

function M.take(i)
  local ticket, now = ARGV[i], time(i + 4)
  due(now)
  local count, place = share(takers, ticket, ready())
  if count > 0 then
    leave(takers, ticket, place)
    local till = ARGV[i + 3] ~= '' and later(now, ARGV[i + 3])
    local reply = {DONE}
    for _ = 1, math.min(count, tonumber(ARGV[i + 2])) do hand_out(reply, till) end
    return answer(reply)
  end
  if drained() then
    leave(takers, ticket)
    return answer({CLOSED})
  end
  if ticket == '' then return answer({NOT_NOW}) end
  join(takers, ticket, later(now, ARGV[i + 1]))
  local ends
  if leased > 0 then
    local behind = position(takers, ticket) - ready()
    ends = redis.call('ZRANGEBYSCORE', L, LEASES, '(' .. BACK, 'WITHSCORES', 'LIMIT', behind, 1)[2]
  end
  return answer({NOT_NOW, ends and tonumber(ends) - LEASES - now or false})
end

function M.drain(i)
  due(time(i))
  local reply = {DONE}
  while ready() > 0 do hand_out(reply) end
  return answer(reply)
end

function M.leave_putters(i)
  return answer({leave(putters, ARGV[i])})
end

function M.leave_takers(i)
  return answer({leave(takers, ARGV[i])})
end

function M.give_back(i, n)
  -- It had room before, and would be lost.
  make_room()
  write()
  local count = 0
  for j = i, i + n - 1, 3 do
    local id = tonumber(ARGV[j])
    if id < tail and redis.call('HEXISTS', K, 'e' .. id) == 0 then
      redis.call('HSET', K, 'e' .. id, ARGV[j + 2])
      if ARGV[j + 1] ~= '0' then redis.call('HSET', K, 'a' .. id, ARGV[j + 1]) end
      redis.call('ZADD', L, BACK + id, 'r' .. id)
      back, count = back + 1, count + 1
    end
  end
  return answer({count})
end

-- Ends the leases that are held, and does what is to be done then.
local function settle(i, n, now, act)
  if next(fresh) then make_room() end
  write()
  due(now)
  local reply = {DONE}
  for j = i, i + n - 1, 2 do
    local id, count = tonumber(ARGV[j]), tonumber(ARGV[j + 1])
    local held = redis.call('ZSCORE', L, 'l' .. id) and deliveries(id) == count
    if held then
      end_lease(id)
      act(id, count)
    end
    reply[#reply + 1] = held and 1 or 0
  end
  return answer(reply)
end

function M.ack(i, n)
  return settle(i, n - 1, time(i + n - 1), function(id) redis.call('HDEL', K, 'e' .. id, 'a' .. id) end)
end

function M.release(i, n)
  return settle(i, n - 1, time(i + n - 1), bring_back)
end

function M.extend(i)
  local now = time(i + 3)
  return settle(i, 2, now, function(id)
    local till = later(now, ARGV[i + 2])
    redis.call('ZADD', L, LEASES + till, 'l' .. id)
    leased = leased + 1
    ends_at(till)
  end)
end

function M.close()
  local open = 1 - closed
  closed = 1
  local reply = answer({open})
  everybody, reply[2] = true, 1
  return reply
end

local function dead_letters(command)
  local elements = {}
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', L, DEAD, '+inf')) do
    elements[#elements + 1] = redis.call('HGET', K, 'e' .. string.sub(member, 2))
    if command then redis.call(command, K, 'e' .. string.sub(member, 2)) end
  end
  return elements
end

function M.drain_dead(i)
  write()
  due(time(i))
  local reply = dead_letters('HDEL')
  table.insert(reply, 1, DONE)
  redis.call('ZREMRANGEBYSCORE', L, DEAD, '+inf')
  dead = 0
  return answer(reply)
end

function M.dead(i)
  write()
  local _, dying = ended(time(i))
  local elements = dead_letters()
  for _, id in ipairs(dying) do elements[#elements + 1] = redis.call('HGET', K, 'e' .. id) end
  return elements
end

function M.status(i)
  if not exists then return false end
  local again, dying = ended(time(i))
  return {capacity, most, closed, ready() + #again, leased - #again - #dying, dead + #dying, takers.count,
    putters.count}
end

function M.peek(i)
  write()
  local first = ended(time(i))[1]
  local member = back > 0 and redis.call('ZRANGEBYSCORE', L, BACK, '(' .. DEAD, 'LIMIT', 0, 1)[1]
  local other = member and tonumber(string.sub(member, 2)) or head < tail and head
  if not first or other and other < first then first = other end
  return first and redis.call('HGET', K, 'e' .. first)
end

-- Adds the first elements to a reply, those that are out among them.
local function add_elements(reply, count)
  local ids = {}
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', L, LEASES, '(' .. DEAD)) do
    ids[#ids + 1] = tonumber(string.sub(member, 2))
  end
  table.sort(ids)
  for id = head, math.min(tail, head + count) - 1 do ids[#ids + 1] = id end
  for j = 1, math.min(#ids, count) do reply[#reply + 1] = redis.call('HGET', K, 'e' .. ids[j]) end
  return reply
end

function M.contents()
  write()
  if not exists then return false end
  return add_elements({capacity, most}, math.huge)
end

function M.look(i)
  write()
  local reply, count, letters = M.status(i + 1), tonumber(ARGV[i]), {}
  if not reply then return false end
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', L, DEAD, '+inf', 'LIMIT', 0, count)) do
    letters[#letters + 1] = redis.call('HGET', K, 'e' .. string.sub(member, 2))
  end
  reply[9], reply[10] = add_elements({}, count), letters
  return reply
end
