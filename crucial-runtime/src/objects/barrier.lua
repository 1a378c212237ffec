-- A string: parties, generation, waiting, broken, and the broken generations before, oldest first.
local REMEMBERED = 16
local parties, generation, waiting, broken, past, changed

begin = function()
  parties, generation, waiting, broken, past, changed = 0, 0, 0, false, {}, false
  if VALUE then
    local numbers = {}
    for number in string.gmatch(VALUE, '%d+') do numbers[#numbers + 1] = tonumber(number) end
    parties, generation, waiting, broken = numbers[1], numbers[2], numbers[3], numbers[4] == 1
    past = {unpack(numbers, 5)}
  end
end

finish = function()
  if changed then
    local numbers = {parties, generation, waiting, broken and 1 or 0, unpack(past)}
    redis.call('SET', K, table.concat(numbers, ' '), 'KEEPTTL')
  end
end

local function next_generation()
  generation, waiting, broken, changed = generation + 1, 0, false, true
  notify()
end

-- 0 broken, 1 complete, nil if it has not ended.
local function ended(number)
  if number >= generation then return broken and 0 or nil end
  if #past == REMEMBERED and number < past[1] then return 0 end
  for _, other in ipairs(past) do
    if other == number then return 0 end
  end
  return 1
end

function M.init(i)
  parties, changed = tonumber(ARGV[i]), true
  return false
end

function M.status()
  return {parties, waiting, broken and 1 or 0, generation}
end

function M.passed(i)
  if parties == 0 then return false end
  return ended(tonumber(ARGV[i])) or PENDING
end

function M.arrive()
  if broken then return false end
  if parties == 0 then return 0 end
  local mine, place = generation, waiting
  waiting, changed = place + 1, true
  local complete = waiting == parties
  if complete then next_generation() end
  return {mine, place, complete and 1 or 0}
end

function M.give_up(i)
  local outcome = ended(tonumber(ARGV[i]))
  if outcome then return outcome end
  broken, changed = true, true
  notify()
  return 2
end

function M.reset()
  if broken or waiting > 0 then
    past[#past + 1] = generation
    if #past > REMEMBERED then table.remove(past, 1) end
    next_generation()
  end
  return false
end
