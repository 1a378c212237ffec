-- Lets the server forget what it answered to a batch that has been answered, but not that it ran it: the record of a
-- large reply would take memory for minutes.
-- KEYS: 1 the session's record  ARGV: 1 sequence number of the batch
if redis.call('GETRANGE', KEYS[1], 0, 15) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1] .. cmsgpack.pack({}), 'KEEPTTL')
end
return redis.status_reply('OK')
