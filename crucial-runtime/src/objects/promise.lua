-- A string: 'O' (open), 'K' and the value (kept), or 'F' and the reason (failed).
local known, changed

begin = function()
  known, changed = read(), false
end

finish = function()
  if changed then redis.call('SET', K, known, 'KEEPTTL') end
end

function M.init(i)
  known, changed = ARGV[i], true
  return false
end

function M.is_done()
  if not known then return false end
  return known == 'O' and 0 or 1
end

function M.get()
  return known == 'O' and PENDING or known
end

function M.settle(i)
  if known ~= 'O' then return 0 end
  known, changed = ARGV[i], true
  notify()
  return 1
end
