-- In addition to what maps do. The members of ORDER all have one score, so they are ordered as bytes.

-- The keys and their values in turn.
local function with_values(keys)
  local entries = {}
  for j, value in ipairs(values(keys)) do
    entries[2 * j - 1] = keys[j]
    entries[2 * j] = value
  end
  return entries
end

local function remove_keys(keys)
  for j = 1, #keys, 4000 do
    local last = math.min(j + 3999, #keys)
    redis.call('HDEL', K, unpack(keys, j, last))
    redis.call('ZREM', ORDER, unpack(keys, j, last))
  end
  return #keys
end

local function pop(command, count)
  local keys = redis.call(command, ORDER, 0, count - 1)
  local entries = with_values(keys)
  remove_keys(keys)
  return entries
end

function M.range_first(i)
  return with_values(redis.call('ZRANGEBYLEX', ORDER, ARGV[i], ARGV[i + 1], 'LIMIT', 0, ARGV[i + 2]))
end

function M.range_last(i)
  return with_values(redis.call('ZREVRANGEBYLEX', ORDER, ARGV[i + 1], ARGV[i], 'LIMIT', 0, ARGV[i + 2]))
end

function M.range_keys(i)
  return redis.call('ZRANGEBYLEX', ORDER, ARGV[i], ARGV[i + 1])
end

function M.range_len(i)
  return redis.call('ZLEXCOUNT', ORDER, ARGV[i], ARGV[i + 1])
end

function M.rank(i)
  return redis.call('ZRANK', ORDER, ARGV[i])
end

function M.remove_range(i)
  return remove_keys(redis.call('ZRANGEBYLEX', ORDER, ARGV[i], ARGV[i + 1]))
end

function M.pop_first(i)
  if ARGV[i] == '0' then return {} end
  return pop('ZRANGE', ARGV[i])
end

function M.pop_last(i)
  if ARGV[i] == '0' then return {} end
  return pop('ZREVRANGE', ARGV[i])
end
