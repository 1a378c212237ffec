-- A hash: thread -> 'R' attempt ' ' beats | 'E' outcome.
begin = stateless

local function running(entry)
  local attempt, beats = string.match(entry, '^R(%d+) (%d+)$')
  return tonumber(attempt), tonumber(beats)
end

function M.begin(i)
  local entry, attempt = redis.call('HGET', K, ARGV[i]), tonumber(ARGV[i + 1])
  if entry and (string.sub(entry, 1, 1) == 'E' or attempt <= running(entry)) then return 0 end
  redis.call('HSET', K, ARGV[i], string.format('R%d 0', attempt))
  return 1
end

function M.beat(i)
  local entry = redis.call('HGET', K, ARGV[i])
  if not entry or string.sub(entry, 1, 1) == 'E' then return 0 end
  local attempt, beats = running(entry)
  redis.call('HSET', K, ARGV[i], string.format('R%d %d', attempt, beats + 1))
  return 1
end

function M.complete(i)
  local entry = redis.call('HGET', K, ARGV[i])
  if entry and string.sub(entry, 1, 1) == 'E' then return 0 end
  redis.call('HSET', K, ARGV[i], 'E' .. ARGV[i + 1])
  notify(#ARGV[i + 1] <= 8192 and ARGV[i] .. ARGV[i + 1] or ARGV[i])
  return 1
end

function M.progress(i, n)
  local reply = {}
  for j = i, i + n - 1 do
    local entry = redis.call('HGET', K, ARGV[j])
    if not entry then
      reply[#reply + 1] = false
    elseif string.sub(entry, 1, 1) == 'E' then
      reply[#reply + 1] = string.sub(entry, 2)
    else
      local _, beats = running(entry)
      reply[#reply + 1] = beats
    end
  end
  return reply
end
