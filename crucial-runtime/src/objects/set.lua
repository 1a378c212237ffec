-- A set of encoded elements.
begin = stateless
finish = keep_expiry

function M.init(i, n)
  return chunked('SADD', i, n)
end

M.insert_all = M.init

function M.remove_all(i, n)
  return chunked('SREM', i, n)
end

function M.pop(i)
  return redis.call('SPOP', K, ARGV[i])
end

function M.clear()
  redis.call('UNLINK', K)
  return false
end

function M.drain()
  local elements = redis.call('SMEMBERS', K)
  redis.call('UNLINK', K)
  return elements
end
