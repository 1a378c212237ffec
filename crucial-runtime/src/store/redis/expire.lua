-- Sets an end to an object's life, or takes it away; its records outlive it.
-- KEYS: 1 description, 2 records, 3... everything else  ARGV: 1 how long it is to live, ms, or '' for ever
-- Replies: 1, or 0 where there is no object
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
-- One moment for all keys: the clock may go on between two commands of a script.
local ends = ARGV[1] ~= '' and string.format('%.0f', now_ms() + ARGV[1])
for place, key in ipairs(KEYS) do
  if not ends then redis.call('PERSIST', key)
  elseif place ~= 2 then redis.call('PEXPIREAT', key, ends) end
end
outlive(KEYS[2], KEYS[1])
return 1
