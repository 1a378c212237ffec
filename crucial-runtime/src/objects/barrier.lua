-- A hash: p parties, g generation, w waiting, b broken, e the broken generations before, oldest first.
-- It is read once and written once a batch, however many parties arrive in it.
local REMEMBERED = 16
local state, changed

local function load()
  if not state then
    local stored = redis.call('HMGET', K, 'p', 'g', 'w', 'b', 'e')
    state = {p = tonumber(stored[1] or 0), g = tonumber(stored[2] or 0), w = tonumber(stored[3] or 0), b = stored[4] == '1', e = {}}
    for generation in string.gmatch(stored[5] or '', '%d+') do state.e[#state.e + 1] = tonumber(generation) end
  end
  return state
end

local function next_generation()
  state.g, state.w, state.b, changed = state.g + 1, 0, false, true
  notify()
end

-- 0 broken, 1 complete, nil if it has not ended.
local function ended(generation)
  local s = load()
  if generation >= s.g then return s.b and 0 or nil end
  if #s.e == REMEMBERED and generation < s.e[1] then return 0 end
  for _, broken in ipairs(s.e) do
    if broken == generation then return 0 end
  end
  return 1
end

finish = function()
  if changed then
    redis.call('HSET', K, 'p', state.p, 'g', state.g, 'w', state.w, 'b', state.b and '1' or '0', 'e', table.concat(state.e, ' '))
  end
end

function M.init(i)
  load().p, changed = tonumber(ARGV[i]), true
  return false
end

function M.status()
  local s = load()
  return {s.p, s.w, s.b and 1 or 0, s.g}
end

function M.passed(i)
  return ended(tonumber(ARGV[i])) or PENDING
end

function M.arrive()
  local s = load()
  if s.b then return false end
  if s.p == 0 then return 0 end
  local generation, place = s.g, s.w
  s.w, changed = place + 1, true
  local complete = s.w == s.p
  if complete then next_generation() end
  return {generation, place, complete and 1 or 0}
end

function M.give_up(i)
  local outcome = ended(tonumber(ARGV[i]))
  if outcome then return outcome end
  state.b, changed = true, true
  notify()
  return 2
end

function M.reset()
  local s = load()
  if s.b or s.w > 0 then
    s.e[#s.e + 1] = s.g
    if #s.e > REMEMBERED then table.remove(s.e, 1) end
    next_generation()
  end
  return false
end
