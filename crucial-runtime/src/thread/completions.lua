-- A hash: thread (16 bytes) -> 'R' attempt ' ' beats | 'E' outcome; 'n' thread -> its name, where it is known.
begin = stateless

local function running(entry)
  local attempt, beats = string.match(entry, '^R(%d+) (%d+)$')
  return tonumber(attempt), tonumber(beats)
end

function M.begin(i)
  local entry, attempt = redis.call('HGET', K, ARGV[i]), tonumber(ARGV[i + 1])
  if entry and (string.sub(entry, 1, 1) == 'E' or attempt <= running(entry)) then return 0 end
  redis.call('HSET', K, ARGV[i], string.format('R%d 0', attempt), 'n' .. ARGV[i], ARGV[i + 2])
  return 1
end

function M.beat(i)
  local entry = redis.call('HGET', K, ARGV[i])
  if not entry or string.sub(entry, 1, 1) == 'E' then return 0 end
  local attempt, beats = running(entry)
  redis.call('HSET', K, ARGV[i], string.format('R%d %d', attempt, beats + 1))
  return 1
end

function M.complete(i, n)
  local entry = redis.call('HGET', K, ARGV[i])
  if entry and string.sub(entry, 1, 1) == 'E' then return 0 end
  redis.call('HSET', K, ARGV[i], 'E' .. ARGV[i + 1])
  if n == 3 then redis.call('HSET', K, 'n' .. ARGV[i], ARGV[i + 2]) end
  notify(#ARGV[i + 1] <= 8192 and ARGV[i] .. ARGV[i + 1] or ARGV[i])
  return 1
end

-- For people: of at most so many threads, in their order, the number, the name, and the beats or the outcome, unless that is large.
function M.look(i)
  local fields, threads, reply = redis.call('HKEYS', K), {}, {}
  for _, field in ipairs(fields) do
    if #field == 16 then threads[#threads + 1] = field end
  end
  table.sort(threads)
  for j = 1, math.min(#threads, tonumber(ARGV[i])) do
    local entry, name = unpack(redis.call('HMGET', K, threads[j], 'n' .. threads[j]))
    local state = false
    if string.sub(entry, 1, 1) == 'R' then
      local _, beats = running(entry)
      state = beats
    elseif #entry <= 8193 then
      state = string.sub(entry, 2)
    end
    local at = 3 * (j - 1)
    reply[at + 1], reply[at + 2], reply[at + 3] = threads[j], name or '', state
  end
  return reply
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
