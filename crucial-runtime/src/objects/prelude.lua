-- What every object's script is written against. One script call runs a batch of method calls of one process on
-- one object, atomically and in order, and records the replies in the same step.
--
-- KEYS: 1 the object's data, 2 its description, 3 its second key where it has one (INDEX), and last its records
--         (absent in a batch of reads)
-- ARGV: 1 '' for reads, otherwise the sequence number of the batch (16 hex digits), the field of its record, '+' if the
--         record is to be new, server time (ms) after which a repeat is refused (none at first sending), and for an
--         object that may not exist yet: newline, 'create' | 'implicit', end of the job's lease, newline, type, newline,
--         detail
--       2 the method calls: name, number of arguments, arguments, ...
-- Every argument costs time, even unread ones: there are no more than needed.
--
-- A script that keeps its data in a string has `begin` call `read`, works on that, and writes it back once, in `finish`.
--
-- A method M.name(i, n) finds its n arguments in ARGV[i] ... ARGV[i + n - 1]. It returns false (nothing), a whole
-- number up to 2^53, a string, a list of these, or PENDING, having changed nothing. It calls notify(payload) when
-- it has changed what somebody may wait for. If the script sets `finish`, it is run once after a batch of updates;
-- if it sets `rest`, that is run when a method is missing, to define what is seldom called.
--
-- A script is run from top to bottom before every batch, unless it sets `begin`: then its functions are made once
-- (where the server keeps functions), and `begin` alone runs before every batch. Making functions costs as much time as
-- a command or two, so a script should. Whatever it keeps in variables is then that of the batch before, which was of
-- another object: `begin` must set all of it. A script that keeps nothing says `begin = stateless`.
local KEYS, ARGV, K, INDEX, VALUE
local M, begin, finish, rest
local PENDING = {ok = 'PENDING'}

local function stateless() end

local function notify(payload)
  redis.call('PUBLISH', K .. ':c', payload or '')
end

-- The data where that is a string, else false. Of another type it is not this script's.
local function read()
  local found = redis.pcall('GET', K)
  VALUE = type(found) == 'string' and found
  return VALUE
end

-- The time of a call in milliseconds since 1970: what a test says, or the server's.
local function instant(i)
  return ARGV[i] ~= '' and tonumber(ARGV[i]) or now_ms()
end

-- Runs a command on n arguments from i on, not more at a time than fit on the stack; the sum of its replies.
local function chunked(command, i, n, key)
  local sum = 0
  for j = i, i + n - 1, 4000 do
    sum = sum + redis.call(command, key or K, unpack(ARGV, j, math.min(j + 3999, i + n - 1)))
  end
  return sum
end

-- A full server refuses what takes memory, until the script has removed something, were it nothing (of a hash here).
-- So what is held stays held and is given back, and what makes room later can go on.
local function make_room()
  redis.call('HDEL', K, '')
end

-- What collections do in `finish`: the server drops the key of an empty one, and with it the time it had to live.
local function keep_expiry(other)
  local left = redis.call('PTTL', KEYS[2])
  if left > 0 then
    redis.call('PEXPIRE', K, left)
    if other then redis.call('PEXPIRE', other, left) end
  end
end
