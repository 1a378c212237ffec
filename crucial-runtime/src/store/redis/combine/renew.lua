-- Lengthens a lease whose holder is still at work, and notes which call it is about to run where that is told.
-- KEYS: 1 lease  ARGV: 1 token, 2 session, 3 how long a lease is, ms, 4 the call, or '' for one that nobody else can run
local held = redis.call('HMGET', KEYS[1], 't', 'lo')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return 0 end
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], 'le', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[3]))
if ARGV[4] then redis.call('HSET', KEYS[1], 'at', ARGV[4]) end
return 1
