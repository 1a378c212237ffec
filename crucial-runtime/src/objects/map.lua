-- A hash of encoded keys and values.
finish = keep_expiry

function M.init(i, n)
  return chunked('HSET', i, n)
end

M.insert_all = M.init

function M.insert(i)
  local before = redis.call('HGET', K, ARGV[i])
  redis.call('HSET', K, ARGV[i], ARGV[i + 1])
  return before
end

function M.insert_if_absent(i)
  local present = redis.call('HGET', K, ARGV[i])
  if not present then redis.call('HSET', K, ARGV[i], ARGV[i + 1]) end
  return present
end

function M.replace(i)
  local present = redis.call('HGET', K, ARGV[i])
  if present then redis.call('HSET', K, ARGV[i], ARGV[i + 1]) end
  return present
end

-- Bytes are '+' and the bytes, the lack of them is '-'.
function M.compare_exchange(i)
  local present, current, new = redis.call('HGET', K, ARGV[i]), ARGV[i + 1], ARGV[i + 2]
  if (present and '+' .. present or '-') ~= current then return {present} end
  if new ~= '-' then
    redis.call('HSET', K, ARGV[i], string.sub(new, 2))
  elseif present then
    redis.call('HDEL', K, ARGV[i])
  end
  return false
end

function M.remove(i)
  local before = redis.call('HGET', K, ARGV[i])
  if before then redis.call('HDEL', K, ARGV[i]) end
  return before
end

function M.remove_all(i, n)
  return chunked('HDEL', i, n)
end

function M.clear()
  redis.call('UNLINK', K)
  return false
end

function M.drain()
  local entries = redis.call('HGETALL', K)
  redis.call('UNLINK', K)
  return entries
end
