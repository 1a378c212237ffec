-- What every object's script is written against. One script call runs a batch of method calls of one process on
-- one object, atomically and in order, and records the replies in the same step.
--
-- KEYS: 1 the object's data, 2 its description, 3 the record of the calling session (absent in a batch of reads)
-- ARGV: 1 sequence number of the batch, 16 hex digits, or '' for reads
--       2 how long the record lives, ms     3 server time after which a repeat is refused, ms, or '' at first sending
--       4 channel of announcements          5 'create' | 'call' | 'implicit'
--       6 type, 7 detail (the description, for 'create')
--       8 the method calls: name, number of arguments, arguments, ...
--
-- A method M.name(i, n) finds its n arguments in ARGV[i] ... ARGV[i + n - 1]. It returns false (nothing), a whole
-- number up to 2^53, a string, a list of these, or PENDING, having changed nothing. It calls notify(payload) when
-- it has changed what somebody may wait for. If the script sets `finish`, it is run once after the batch.
local K = KEYS[1]
local M = {}
local PENDING = redis.status_reply('PENDING')
local finish

local function notify(payload)
  redis.call('PUBLISH', ARGV[4], payload or '')
end

-- Runs a command on n arguments from i on, not more at a time than fit on the stack; the sum of its replies.
local function chunked(command, i, n)
  local sum = 0
  for j = i, i + n - 1, 4000 do
    sum = sum + redis.call(command, K, unpack(ARGV, j, math.min(j + 3999, i + n - 1)))
  end
  return sum
end
