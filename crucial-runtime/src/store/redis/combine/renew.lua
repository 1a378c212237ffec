-- Lengthens a lease whose holder is still at work.
-- KEYS: 1 lease  ARGV: 1 token, 2 session, 3 how long a lease is, ms
local held = redis.call('HMGET', KEYS[1], 't', 'lo')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return 0 end
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], 'le', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[3]))
return 1
