-- A string: backlog, number of the next message, whether it is closed. Beside it a stream of the last messages, each
-- under its number and one, as no entry of a stream may have the number 0.
local CARRIED, CARRIED_COUNT, READ_COUNT, READ_BYTES = 8192, 64, 128, 262144
local L, backlog, next_number, closed, changed

begin = function()
  L, backlog, next_number, closed, changed = INDEX, 0, 0, 0, false
  if read() then
    backlog, next_number, closed = string.match(VALUE, '^(%d+) (%d+) (%d)$')
    backlog, next_number, closed = tonumber(backlog), tonumber(next_number), tonumber(closed)
  end
end

finish = function()
  if changed then
    redis.call('SET', K, string.format('%d %.0f %d', backlog, next_number, closed), 'KEEPTTL')
  end
end

function M.init(i)
  redis.call('DEL', L)
  backlog, next_number, closed, changed = tonumber(ARGV[i]), 0, 0, true
  return false
end

-- Whether there is no topic; that something else is under the key is an error.
local function missing()
  return backlog == 0 and not redis.call('GET', K)
end

function M.status()
  if missing() then return false end
  return {backlog, next_number, closed}
end

-- What an announcement carries; see news.rs.
local function news(first, i, n)
  local header, size = {string.format('%.0f', first)}, 0
  for j = i, i + n - 1 do
    size = size + #ARGV[j]
    header[#header + 1] = #ARGV[j]
  end
  if size > CARRIED or n > CARRIED_COUNT then return header[1] end
  return table.concat(header, ' ') .. '\n' .. table.concat(ARGV, '', i, i + n - 1)
end

function M.publish(i, n)
  if missing() or closed == 1 then return false end
  local first = next_number
  for j = i, i + n - 1 do
    next_number = next_number + 1
    redis.call('XADD', L, 'MAXLEN', backlog, string.format('%.0f-0', next_number), 'm', ARGV[j])
  end
  if n > 0 then
    changed = true
    if first == 0 then keep_expiry(L) end
    notify(news(first, i, n))
  end
  return first
end

function M.close()
  if missing() or closed == 1 then return 0 end
  closed, changed = 1, true
  notify()
  return 1
end

function M.read(i)
  if missing() then return false end
  local oldest = math.max(0, next_number - backlog)
  local first = math.min(math.max(tonumber(ARGV[i]), oldest), next_number)
  local reply, bytes, from = {next_number, closed, first}, 0, first
  while from < next_number and from < first + READ_COUNT do
    local entries = redis.call('XRANGE', L, string.format('%.0f', from + 1), '+', 'COUNT', 16)
    for _, entry in ipairs(entries) do
      local message = entry[2][2]
      reply[#reply + 1] = message
      bytes, from = bytes + #message, from + 1
      if bytes >= READ_BYTES then return reply end
    end
  end
  return reply
end
