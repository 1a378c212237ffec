-- A string: 'O' (open), 'K' and the value (kept), or 'F' and the reason (failed).

function M.init(i)
  redis.call('SET', K, ARGV[i])
  return false
end

function M.is_done()
  local known = redis.call('GETRANGE', K, 0, 0)
  if known == '' then return false end
  return known == 'O' and 0 or 1
end

function M.get()
  local known = redis.call('GET', K)
  return known == 'O' and PENDING or known
end

function M.settle(i)
  if redis.call('GETRANGE', K, 0, 0) ~= 'O' then return 0 end
  redis.call('SET', K, ARGV[i], 'KEEPTTL')
  notify()
  return 1
end
