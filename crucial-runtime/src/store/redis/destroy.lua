-- Removes an object, once. Its records stay as long as calls on it may be repeated.
-- KEYS: 1 description, 2 records, 3 places in the queue, 4... the object's data
-- ARGV: 1 sequence number, 2 field of the record, 3 server time after which a repeat is refused or ''
--       4 channel of announcements, 5 what channels of inboxes begin with
local record, ran = recall(KEYS[2], ARGV[2], ARGV[1], ARGV[3])
if ran == true then return tonumber(string.sub(record, 26)) end
if ran then return ran end
local existed = redis.call('DEL', KEYS[1])
local places = redis.call('LRANGE', KEYS[3], 0, -1)
redis.call('UNLINK', unpack(KEYS, 3))
-- The record comes last and without need of memory to spare: a full server can still remove objects.
remember(KEYS[2], KEYS[1], ARGV[2], record, false, ARGV[1], 'r', existed)
outlive(KEYS[2], KEYS[1])
redis.call('PUBLISH', ARGV[4], '')
-- Whoever waits for somebody to run its call finds out that there is nothing to run it on.
for _, place in ipairs(places) do
  redis.pcall('PUBLISH', ARGV[5] .. string.sub(place, 17), 'L' .. string.sub(place, 1, 16))
end
return existed
