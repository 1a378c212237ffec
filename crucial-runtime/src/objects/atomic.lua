-- A string: the value as stored. Integers are decimal text, floats are MessagePack: a byte of their kind, then theirs.
-- Between the calls of a batch `value` may be a number.
--
-- Counting is what most atomics are for, and a server without functions makes those of this script at every call: all
-- but `add` of 64 bits is made only when it is called for.
local EXACT = 9007199254740992
local value, changed, added
local add_any

begin = function()
  value, changed, added = read(), false, false
end

-- Where one addition is all that has changed, the server makes it: to write a number as text takes as long as a command.
finish = function()
  if added then
    redis.call('INCRBY', K, added)
  elseif changed then
    redis.call('SET', K, value, 'KEEPTTL')
  end
end

function M.add(i)
  local kind = ARGV[i + 1]
  if kind == 'u64' or kind == 'i64' then
    local before, addend = tonumber(value), tonumber(ARGV[i])
    if not before then error({err = 'CRUCIAL_CORRUPT its value is no whole number'}) end
    local sum = before + addend
    local least = math.min(before, addend, sum)
    -- Doubles count exactly there.
    if least > -EXACT and math.max(before, addend, sum) < EXACT and (kind == 'i64' or sum >= 0) then
      added = not changed and ARGV[i]
      value, changed = sum, true
      return before
    end
  end
  if not add_any then rest() end
  return add_any(i)
end

rest = function()
  local function store(new)
    value, changed, added = new, true, false
  end

  local function text()
    return type(value) == 'number' and string.format('%.0f', value) or value
  end

  -- Whether doubles count exactly there.
  local function exact(number)
    return number > -EXACT and number < EXACT
  end

  -- Combines integers of up to 64 bits in text, as four limbs of 16 bits in two's complement, the lowest first.
  local function whole(operation, left, right, kind)
    local signed, bits = string.sub(kind, 1, 1) == 'i', tonumber(string.sub(kind, 2))

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

    local function parse(digits)
      local a = {0, 0, 0, 0}
      for digit in string.gmatch(digits, '%d') do
        local carry = tonumber(digit)
        for j = 1, 4 do
          carry = carry + a[j] * 10
          a[j] = carry % 65536
          carry = math.floor(carry / 65536)
        end
      end
      return string.sub(digits, 1, 1) == '-' and negative(a) or a
    end

    local function less(a, b)
      if signed and (a[4] >= 32768) ~= (b[4] >= 32768) then return a[4] >= 32768 end
      for j = 4, 1, -1 do
        if a[j] ~= b[j] then return a[j] < b[j] end
      end
      return false
    end

    local function each(combine, a, b)
      return {combine(a[1], b[1]), combine(a[2], b[2]), combine(a[3], b[3]), combine(a[4], b[4])}
    end

    local operations = {
      add = plus,
      min = function(a, b) return less(b, a) and b or a end,
      max = function(a, b) return less(a, b) and b or a end,
      ['and'] = function(a, b) return each(bit.band, a, b) end,
      ['or'] = function(a, b) return each(bit.bor, a, b) end,
      xor = function(a, b) return each(bit.bxor, a, b) end,
      nand = function(a, b) return each(function(x, y) return 65535 - bit.band(x, y) end, a, b) end,
    }
    local a = operations[operation](parse(left), parse(right))

    -- The type's own width: what is beyond it is dropped, its highest bit is the sign.
    local top, part = math.ceil(bits / 16), bits % 16
    if part > 0 then a[top] = a[top] % 2 ^ part end
    local below = signed and a[top] >= 2 ^ ((bits - 1) % 16)
    if below and part > 0 then a[top] = a[top] + 65536 - 2 ^ part end
    for j = top + 1, 4 do a[j] = below and 65535 or 0 end
    if below then a = negative(a) end

    local digits = ''
    repeat
      local rest = 0
      for j = 4, 1, -1 do
        rest = rest * 65536 + a[j]
        a[j] = math.floor(rest / 10000)
        rest = rest % 10000
      end
      digits = string.format('%04d', rest) .. digits
    until a[1] == 0 and a[2] == 0 and a[3] == 0 and a[4] == 0
    digits = string.match(digits, '^0*(%d+)$')
    return below and '-' .. digits or digits
  end

  local function combine_whole(operation, operand, kind)
    local before = text()
    local number = tonumber(before)
    if not number then error({err = 'CRUCIAL_CORRUPT its value is no whole number'}) end
    store(whole(operation, before, operand, kind))
    return exact(number) and number or before
  end

  local function combine_float(operation, operand, kind)
    local single = kind == 'f32'
    local format, before = single and '>Bf' or '>Bd', value
    local head, a = struct.unpack(format, before)
    local _, b = struct.unpack(format, operand)
    local result = a
    if operation == 'add' then
      result = a + b
    elseif a ~= a or operation == 'min' and b < a or operation == 'max' and b > a then
      result = b
    end
    if result == result then
      store(struct.pack(format, head, result))
    else
      store(single and '\202\127\192\0\0' or '\203\127\248\0\0\0\0\0\0')
    end
    return before
  end

  -- Whether the first of two whole numbers in text is the lesser.
  local function lesser(a, b)
    local negative = string.sub(a, 1, 1) == '-'
    if negative ~= (string.sub(b, 1, 1) == '-') then return negative end
    if #a ~= #b then return (#a < #b) ~= negative end
    if negative then return a > b end
    return a < b
  end

  -- A sum that went the wrong way went round.
  function M.checked(i)
    local operation, operand, kind = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local before, addend = text(), operand
    local number = tonumber(before)
    if not number then error({err = 'CRUCIAL_CORRUPT its value is no whole number'}) end
    local negative = string.sub(operand, 1, 1) == '-'
    if operation == 'sub' then addend = negative and string.sub(operand, 2) or '-' .. operand end
    local sum = whole('add', before, addend, kind)
    local rises = negative == (operation == 'sub')
    if rises and lesser(sum, before) or not rises and lesser(before, sum) then return false end
    store(sum)
    return exact(number) and number or before
  end

  function M.init(i)
    store(ARGV[i])
    return false
  end

  M.set = M.init

  function M.swap(i)
    local before = text()
    store(ARGV[i])
    return before
  end

  function M.compare_exchange(i)
    local present = text()
    if present ~= ARGV[i] then return present end
    store(ARGV[i + 1])
    return false
  end

  add_any = function(i)
    local kind = ARGV[i + 1]
    if string.sub(kind, 1, 1) == 'f' then return combine_float('add', ARGV[i], kind) end
    local before, addend = tonumber(value), tonumber(ARGV[i])
    local sum = before + addend
    if exact(before) and exact(addend) and exact(sum) then
      local fits = kind == 'i64'
      if not fits then
        local signed, width = string.sub(kind, 1, 1) == 'i', 2 ^ tonumber(string.sub(kind, 2))
        if signed then fits = sum >= -width / 2 and sum < width / 2 else fits = sum >= 0 and sum < width end
      end
      if fits then
        store(sum)
        return before
      end
    end
    return combine_whole('add', ARGV[i], kind)
  end

  function M.combine(i)
    local operation, operand, kind = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local combine = string.sub(kind, 1, 1) == 'f' and combine_float or combine_whole
    return combine(operation, operand, kind)
  end
end
