-- Lets the server forget what it answered to a batch that has been answered, but not that it ran it: the record of a
-- large reply would take memory for minutes.
-- KEYS: 1 records  ARGV: 1 sequence number of the batch, 2 field of the record
local record = redis.call('HGET', KEYS[1], ARGV[2])
if record and string.sub(record, 1, 16) == ARGV[1] then
  redis.call('HSET', KEYS[1], ARGV[2], string.sub(record, 1, 25) .. cmsgpack.pack({}))
end
return redis.status_reply('OK')
