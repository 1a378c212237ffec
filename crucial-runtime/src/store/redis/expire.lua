-- Sets an end to an object's life, or takes it away; its records outlive it.
-- KEYS: 1 description, 2 records, 3... everything else  ARGV: 1 how long it is to live, ms, or '' for ever
-- Replies: 1, or 0 where there is no object
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for place, key in ipairs(KEYS) do
  if ARGV[1] == '' then redis.call('PERSIST', key)
  elseif place ~= 2 then redis.call('PEXPIRE', key, ARGV[1]) end
end
outlive(KEYS[2], KEYS[1])
return 1
