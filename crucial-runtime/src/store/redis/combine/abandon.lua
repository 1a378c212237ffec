-- Gives up a lease after a fault: these calls fail, the others look for themselves.
--
-- KEYS: 1 lease, 2 state, 3 queue, 4 waiting, 5 suspects
-- ARGV: 1 token, 2 what channels of inboxes begin with, 3 the fault, then for each call that fails its place
local held = call('HGET', lease, 't')
if held ~= ARGV[1] then return 0 end
for at = 4, #ARGV do
  call('HDEL', queue, string.sub(ARGV[at], 17))
  call('LREM', waiting, 1, ARGV[at])
  tell(ARGV[2], ARGV[at], 'E', ARGV[3])
end
call('HDEL', lease, 'le', 'lo', 'a', 'cur', 'at', 'died')
call('DEL', suspects)
for _, place in ipairs(call('LRANGE', waiting, 0, -1)) do tell(ARGV[2], place, 'L', '') end
return 1
