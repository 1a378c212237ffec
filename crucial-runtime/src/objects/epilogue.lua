-- Runs the batch against the methods defined above.
local seq, refuse_after = ARGV[1], ARGV[2]
if seq ~= '' then
  local record = READ[2]
  if record then
    local last = string.sub(record, 1, 16)
    if last == seq then return cmsgpack.unpack(string.sub(record, 17)) end
    if last > seq then return redis.error_reply('CRUCIAL_STALE a later call of this session has run') end
  elseif refuse_after ~= '' then
    local now = redis.call('TIME')
    if now[1] * 1000 + math.floor(now[2] / 1000) > tonumber(refuse_after) then
      return redis.error_reply('CRUCIAL_STALE the record of this session has ended')
    end
  end
end

-- What has been done is answered even if a full server has no room to remember it.
local function answer(replies)
  redis.pcall('SET', KEYS[3], seq .. cmsgpack.pack(replies), 'PX', RECORD_LIFE_MS)
  return replies
end

-- The description is looked for only where the data does not already tell that there is an object.
local creating = false
if seq ~= '' and (ARGV[3] ~= '' or not VALUE) then
  local known = redis.call('EXISTS', KEYS[2]) == 1
  local mode, name, detail = string.match(ARGV[3], '^(%a+)\n([^\n]*)\n(.*)$')
  creating = mode == 'create'
  if creating and known then return answer({0}) end
  if not known then
    if not mode then return redis.error_reply('CRUCIAL_ABSENT there is no such object') end
    if creating then redis.call('DEL', K) end
    redis.call('HSET', KEYS[2], 'type', name, 'detail', detail)
  end
end

local replies, i = {}, 4
while i <= #ARGV do
  local method, n = ARGV[i], tonumber(ARGV[i + 1])
  local run = M[method]
  if not run and rest then
    rest()
    run = M[method]
  end
  if not run then return redis.error_reply('CRUCIAL_NO_METHOD ' .. method) end
  -- A method that the server stops (another type under the key, full memory) fails alone.
  local done, reply = pcall(run, i + 2, n)
  if not done then reply = redis.status_reply('ERR ' .. (type(reply) == 'table' and reply.err or reply)) end
  replies[#replies + 1] = reply
  i = i + 2 + n
end
if finish and seq ~= '' then finish() end
if creating then
  local failed = type(replies[1]) == 'table' and replies[1].ok
  if failed then
    redis.call('DEL', K, KEYS[2])
    return answer(replies)
  end
  replies = {1}
  notify()
end
if seq == '' then return replies end
return answer(replies)
