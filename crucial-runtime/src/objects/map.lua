-- A hash of encoded keys and values. For a sorted map, ORDER is the key of a sorted set of the same keys.

finish = function()
  keep_expiry(ORDER)
end

local function put(i, n)
  if ORDER then
    for j = i, i + n - 1, 4000 do
      local members = {}
      for k = j, math.min(j + 3999, i + n - 1), 2 do
        members[#members + 1] = 0
        members[#members + 1] = ARGV[k]
      end
      redis.call('ZADD', ORDER, unpack(members))
    end
  end
  return chunked('HSET', i, n)
end

local function remove(i, n)
  if ORDER then chunked('ZREM', i, n, ORDER) end
  return chunked('HDEL', i, n)
end

local function clear()
  redis.call('UNLINK', K, ORDER or K)
end

function M.init(i, n)
  clear()
  return put(i, n)
end

M.insert_all = put

function M.insert(i, n)
  local before = redis.call('HGET', K, ARGV[i])
  put(i, n)
  return before
end

function M.insert_if_absent(i, n)
  local present = redis.call('HGET', K, ARGV[i])
  if not present then put(i, n) end
  return present
end

function M.replace(i, n)
  local present = redis.call('HGET', K, ARGV[i])
  if present then put(i, n) end
  return present
end

-- Bytes are '+' and the bytes, the lack of them is '-'.
function M.compare_exchange(i)
  local present, current, new = redis.call('HGET', K, ARGV[i]), ARGV[i + 1], ARGV[i + 2]
  if (present and '+' .. present or '-') ~= current then return {present} end
  if new ~= '-' then
    if ORDER then redis.call('ZADD', ORDER, 0, ARGV[i]) end
    redis.call('HSET', K, ARGV[i], string.sub(new, 2))
  elseif present then
    remove(i, 1)
  end
  return false
end

function M.remove(i)
  local before = redis.call('HGET', K, ARGV[i])
  if before then remove(i, 1) end
  return before
end

M.remove_all = remove

function M.clear()
  clear()
  return false
end

function M.drain()
  local entries = redis.call('HGETALL', K)
  clear()
  return entries
end
