-- A list of encoded elements.
begin = stateless
finish = keep_expiry

function M.init(i, n)
  chunked('RPUSH', i, n)
  return redis.call('LLEN', K)
end

M.push_back = M.init

function M.push_front(i, n)
  chunked('LPUSH', i, n)
  return redis.call('LLEN', K)
end

function M.pop_back(i)
  return redis.call('RPOP', K, ARGV[i]) or {}
end

function M.pop_front(i)
  return redis.call('LPOP', K, ARGV[i]) or {}
end

function M.get_many(i, n)
  local elements = {}
  for j = i, i + n - 1 do
    elements[#elements + 1] = redis.call('LINDEX', K, ARGV[j])
  end
  return elements
end

function M.set(i)
  local before = redis.call('LINDEX', K, ARGV[i])
  if before then redis.call('LSET', K, ARGV[i], ARGV[i + 1]) end
  return before
end

function M.compare_exchange(i)
  local present = redis.call('LINDEX', K, ARGV[i])
  if present ~= ARGV[i + 1] then return {present} end
  redis.call('LSET', K, ARGV[i], ARGV[i + 2])
  return false
end

function M.swap(i)
  local a, b = redis.call('LINDEX', K, ARGV[i]), redis.call('LINDEX', K, ARGV[i + 1])
  if not a or not b then return 0 end
  redis.call('LSET', K, ARGV[i], b)
  redis.call('LSET', K, ARGV[i + 1], a)
  return 1
end

-- The server inserts and removes by value, not by index: a value that no element has marks the place.
local function mark(index)
  local marker = '\0marker'
  while redis.call('LPOS', K, marker) do marker = marker .. '\0' end
  redis.call('LSET', K, index, marker)
  return marker
end

function M.insert(i)
  local there = redis.call('LINDEX', K, ARGV[i])
  if there then
    local marker = mark(ARGV[i])
    redis.call('LINSERT', K, 'BEFORE', marker, ARGV[i + 1])
    redis.call('LSET', K, tonumber(ARGV[i]) + 1, there)
  elseif tonumber(ARGV[i]) == redis.call('LLEN', K) then
    redis.call('RPUSH', K, ARGV[i + 1])
  else
    return 0
  end
  return 1
end

function M.remove(i)
  local there = redis.call('LINDEX', K, ARGV[i])
  if there then redis.call('LREM', K, 1, mark(ARGV[i])) end
  return there
end

function M.remove_first(i)
  return redis.call('LREM', K, 1, ARGV[i])
end

function M.remove_all(i, n)
  local removed = 0
  for j = i, i + n - 1 do removed = removed + redis.call('LREM', K, 0, ARGV[j]) end
  return removed
end

function M.truncate(i)
  if ARGV[i] == '0' then
    redis.call('UNLINK', K)
  else
    redis.call('LTRIM', K, 0, tonumber(ARGV[i]) - 1)
  end
  return false
end

function M.keep_last(i)
  if ARGV[i] == '0' then
    redis.call('UNLINK', K)
  else
    redis.call('LTRIM', K, '-' .. ARGV[i], -1)
  end
  return false
end

function M.drain()
  local elements = redis.call('LRANGE', K, 0, -1)
  redis.call('UNLINK', K)
  return elements
end
