-- A string: the count.
local count, changed

begin = function()
  count, changed = tonumber(read() or nil), false
end

local function store(new)
  count, changed = new, true
end

finish = function()
  if changed then redis.call('SET', K, count, 'KEEPTTL') end
end

function M.init(i)
  store(tonumber(ARGV[i]))
  return false
end

function M.wait()
  if not count then return false end
  return count == 0 and 1 or PENDING
end

function M.count_down(i)
  local left = math.max(0, count - tonumber(ARGV[i]))
  if left == 0 and count > 0 then notify() end
  store(left)
  return left
end

function M.try_reset(i)
  if count > 0 then return 0 end
  store(tonumber(ARGV[i]))
  return 1
end
