-- A string: the value as stored. Numbers of up to 64 bits are decimal text, floats are little-endian bytes.
local EXACT = 9007199254740992

local function set(value)
  redis.call('SET', K, value, 'KEEPTTL')
end

-- A whole number as a reply: text where a double would lose digits.
local function small(text)
  local number = tonumber(text)
  return number > -EXACT and number < EXACT and number or text
end

-- Whole numbers of any width: 64 bits as four limbs of 16, the lowest first, in two's complement.
local function limbs(text)
  local limb = {0, 0, 0, 0}
  for digit in string.gmatch(text, '%d') do
    local carry = tonumber(digit)
    for j = 1, 4 do
      local sum = limb[j] * 10 + carry
      limb[j] = sum % 65536
      carry = math.floor(sum / 65536)
    end
  end
  return limb
end

local function plus(a, b)
  local sum, carry = {}, 0
  for j = 1, 4 do
    carry = carry + a[j] + b[j]
    sum[j] = carry % 65536
    carry = math.floor(carry / 65536)
  end
  return sum
end

local function negative(a)
  return plus({65535 - a[1], 65535 - a[2], 65535 - a[3], 65535 - a[4]}, {1, 0, 0, 0})
end

local function parse(text)
  local a = limbs(text)
  return string.sub(text, 1, 1) == '-' and negative(a) or a
end

-- Cuts to the type's width and extends its sign; then tells whether it is below zero.
local function cut(a, kind)
  local bits, signed = tonumber(string.sub(kind, 2)), string.sub(kind, 1, 1) == 'i'
  local whole, part = math.floor(bits / 16), bits % 16
  if part > 0 then a[whole + 1] = a[whole + 1] % 2 ^ part end
  local top = math.ceil(bits / 16)
  local below = signed and a[top] >= 2 ^ ((bits - 1) % 16)
  if below and part > 0 then a[top] = a[top] + 65536 - 2 ^ part end
  for j = top + 1, 4 do a[j] = below and 65535 or 0 end
  return below
end

local function format(a, kind)
  local below = cut(a, kind)
  if below then a = negative(a) end
  local digits = {}
  repeat
    local rest = 0
    for j = 4, 1, -1 do
      rest = rest * 65536 + a[j]
      a[j] = math.floor(rest / 10000)
      rest = rest % 10000
    end
    table.insert(digits, 1, string.format('%04d', rest))
  until a[1] + a[2] + a[3] + a[4] == 0
  local text = string.gsub(table.concat(digits), '^0+', '')
  if text == '' then return '0' end
  return below and '-' .. text or text
end

-- Whether a comes before b, for numbers of one type.
local function less(a, b, kind)
  if string.sub(kind, 1, 1) == 'i' then
    local below_a, below_b = a[4] >= 32768, b[4] >= 32768
    if below_a ~= below_b then return below_a end
  end
  for j = 4, 1, -1 do
    if a[j] ~= b[j] then return a[j] < b[j] end
  end
  return false
end

local function bits(operation, a, b)
  local result = {}
  for j = 1, 4 do
    if operation == 'and' then result[j] = bit.band(a[j], b[j])
    elseif operation == 'or' then result[j] = bit.bor(a[j], b[j])
    elseif operation == 'xor' then result[j] = bit.bxor(a[j], b[j])
    else result[j] = 65535 - bit.band(a[j], b[j]) end
  end
  return result
end
