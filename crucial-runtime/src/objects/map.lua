-- A hash of encoded keys and values. For a sorted map, ORDER is the key of a sorted set of the same keys.

finish = function()
  keep_expiry(ORDER)
end

-- Keys and values in turn, not more at a time than fit on the stack; how many keys were new.
local function put(i, n, from)
  from = from or ARGV
  local new = 0
  for j = i, i + n - 1, 4000 do
    local last = math.min(j + 3999, i + n - 1)
    if ORDER then
      local members = {}
      for k = j, last, 2 do
        members[#members + 1] = 0
        members[#members + 1] = from[k]
      end
      redis.call('ZADD', ORDER, unpack(members))
    end
    new = new + redis.call('HSET', K, unpack(from, j, last))
  end
  return new
end

-- The values of keys; false where there is none.
local function values(keys)
  if #keys <= 4000 then return #keys > 0 and redis.call('HMGET', K, unpack(keys)) or {} end
  local found = {}
  for j = 1, #keys, 4000 do
    for _, value in ipairs(redis.call('HMGET', K, unpack(keys, j, math.min(j + 3999, #keys)))) do
      found[#found + 1] = value
    end
  end
  return found
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
  local before
  if n == 2 then
    before = redis.call('HGET', K, ARGV[i])
  else
    local keys = {}
    for j = i, i + n - 1, 2 do keys[#keys + 1] = ARGV[j] end
    before = values(keys)
  end
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

-- Keys, what they should have, as above, and their new values in turn.
function M.exchange_all(i, n)
  local keys, entries, overtaken = {}, {}, {}
  for j = i, i + n - 1, 3 do keys[#keys + 1] = ARGV[j] end
  for j, present in ipairs(values(keys)) do
    local at = i + 3 * (j - 1)
    if (present and '+' .. present or '-') == ARGV[at + 1] then
      entries[#entries + 1] = keys[j]
      entries[#entries + 1] = ARGV[at + 2]
    else
      overtaken[#overtaken + 1] = j - 1
      overtaken[#overtaken + 1] = present
    end
  end
  put(1, #entries, entries)
  return overtaken
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
