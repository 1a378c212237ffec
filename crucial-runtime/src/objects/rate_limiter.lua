-- A string: permits, per, burst, level, at, reserved.
local LARGEST = 2 ^ 52
local permits, per, burst, level, at, reserved, changed

begin = function()
  permits, changed = 0, false
  if read() then
    permits, per, burst, level, at, reserved = string.match(VALUE, '^(%d+) (%d+) (%d+) (%-?%d+) (%d+) (%d+)$')
    permits, per, burst, level, at, reserved = tonumber(permits), tonumber(per), tonumber(burst), tonumber(level),
      tonumber(at), tonumber(reserved)
  end
end

finish = function()
  if changed then
    local state = string.format('%.0f %.0f %.0f %.0f %.0f %.0f', permits, per, burst, level, at, reserved)
    redis.call('SET', K, state, 'KEEPTTL')
  end
end

-- Whether there is no limiter; that something else is under the key is an error.
local function missing()
  return permits == 0 and not redis.call('GET', K)
end

-- How full the bucket is at a time.
local function level_at(now)
  return math.min(level + math.max(0, now - at) * permits, per * burst)
end

local function pass(now)
  level, at, changed = level_at(now), math.max(at, now), true
end

-- Exact, as a division of large numbers need not be.
local function quotient(number, by)
  return (number - math.fmod(number, by)) / by
end

function M.init(i)
  permits, per, burst = tonumber(ARGV[i]), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  level, at, reserved, changed = per * burst, instant(i + 3), 0, true
  return false
end

function M.status(i)
  if missing() then return false end
  return {permits, per, burst, quotient(math.max(0, level_at(instant(i))), per)}
end

function M.reserve(i)
  if missing() then return false end
  local wanted, limit = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  if wanted > burst then return {burst} end
  pass(instant(i + 2))
  local left = level - wanted * per
  local owed = math.max(0, -left)
  local wait = quotient(owed, permits) + (math.fmod(owed, permits) > 0 and 1 or 0)
  if wait > limit or left < -LARGEST then return {0, wait} end
  level, reserved = left, reserved + 1
  return {1, reserved, wait}
end

function M.give_back(i)
  if missing() then return false end
  pass(instant(i + 2))
  if reserved == 0 or tonumber(ARGV[i]) ~= reserved or level >= 0 then return 0 end
  level, reserved = level + tonumber(ARGV[i + 1]) * per, reserved - 1
  return 1
end
