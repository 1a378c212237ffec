-- A string: the count.

function M.init(i)
  redis.call('SET', K, ARGV[i])
  return false
end

function M.wait()
  local count = redis.call('GET', K)
  if not count then return false end
  return count == '0' and 1 or PENDING
end

function M.count_down(i)
  local count = tonumber(redis.call('GET', K) or 0)
  local by = math.min(count, tonumber(ARGV[i]))
  if by > 0 then
    redis.call('DECRBY', K, by)
    if by == count then notify() end
  end
  return count - by
end

function M.try_reset(i)
  if (redis.call('GET', K) or '0') ~= '0' then return 0 end
  redis.call('SET', K, ARGV[i], 'KEEPTTL')
  return 1
end
