-- Runs the batch against the methods defined above.
local seq = ARGV[1]
if seq ~= '' then
  local record = redis.call('GET', KEYS[3])
  if record then
    local last = string.sub(record, 1, 16)
    if last == seq then return cmsgpack.unpack(string.sub(record, 17)) end
    if last > seq then return redis.error_reply('CRUCIAL_STALE a later call of this session has run') end
  elseif ARGV[3] ~= '' then
    local now = redis.call('TIME')
    if now[1] * 1000 + math.floor(now[2] / 1000) > tonumber(ARGV[3]) then
      return redis.error_reply('CRUCIAL_STALE the record of this session has ended')
    end
  end
end

local known = redis.call('EXISTS', KEYS[2]) == 1
if ARGV[5] == 'create' then
  if known then
    redis.call('SET', KEYS[3], seq .. cmsgpack.pack({0}), 'PX', ARGV[2])
    return {0}
  end
  redis.call('DEL', K)
  redis.call('HSET', KEYS[2], 'type', ARGV[6], 'detail', ARGV[7])
elseif not known and seq ~= '' then
  if ARGV[5] ~= 'implicit' then return redis.error_reply('CRUCIAL_ABSENT') end
  redis.call('HSET', KEYS[2], 'type', ARGV[6], 'detail', ARGV[7])
end

local replies, i = {}, 8
while i <= #ARGV do
  local method, n = ARGV[i], tonumber(ARGV[i + 1])
  local run = M[method]
  if not run then return redis.error_reply('CRUCIAL_NO_METHOD ' .. method) end
  -- A method that the server stops (another type under the key, full memory) fails alone.
  local done, reply = pcall(run, i + 2, n)
  if not done then reply = redis.status_reply('ERR ' .. (type(reply) == 'table' and reply.err or reply)) end
  replies[#replies + 1] = reply
  i = i + 2 + n
end
if finish then finish() end
if ARGV[5] == 'create' then
  replies = {1}
  notify()
end
-- What has been done is answered even if a full server has no room to remember it.
if seq ~= '' then redis.pcall('SET', KEYS[3], seq .. cmsgpack.pack(replies), 'PX', ARGV[2]) end
return replies
