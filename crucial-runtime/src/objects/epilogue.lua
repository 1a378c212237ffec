-- Runs a batch against the methods that `define` defines.
local defined = false

-- What has been done is answered even if a full server has no room to remember it. Giving a key a time to live costs
-- as much as half a command: a record that has one keeps it, unless the caller says that it is getting short.
local function note(seq, lasting, replies)
  local record = seq .. cmsgpack.pack(replies)
  if lasting then return redis.pcall('SET', KEYS[3], record, 'KEEPTTL') end
  return redis.pcall('SET', KEYS[3], record, 'PX', RECORD_LIFE_MS)
end

local function answer(seq, lasting, replies)
  note(seq, lasting, replies)
  return replies
end

-- What was sent before may still be on its way. It must not run in the object's next life; where that can't be noted,
-- nobody knows.
local function refuse(seq, lasting, repeated, reply)
  local noted = repeated and note(seq, lasting, reply)
  return noted and noted.err and noted or reply
end

return function(keys, argv)
  KEYS, ARGV, K = keys, argv, keys[1]
  local read = redis.call('MGET', K, keys[3] or K)
  VALUE = read[1]
  if not defined then
    M, begin, finish, rest = {}, false, false, false
    define()
    defined = begin and true
  end
  if begin then begin() end

  local header, updates = argv[1], argv[1] ~= ''
  local seq, renew, refuse_after, mode, name, detail = header, '', '', '', '', ''
  if #header > 16 then
    seq = string.sub(header, 1, 16)
    renew, refuse_after, mode, name, detail = string.match(header, '^(%+?)(%d*)\n?(%a*)\n?([^\n]*)\n?(.*)$', 17)
  end
  local lasting = false
  if updates then
    local record = read[2]
    if record then
      local last = string.sub(record, 1, 16)
      if last == seq then return cmsgpack.unpack(string.sub(record, 17)) end
      if last > seq then return redis.error_reply('CRUCIAL_STALE a later call of this session has run') end
      lasting = renew == ''
    elseif refuse_after ~= '' then
      local now = redis.call('TIME')
      if now[1] * 1000 + math.floor(now[2] / 1000) > tonumber(refuse_after) then
        return redis.error_reply('CRUCIAL_STALE the record of this session has ended')
      end
    end
  end

  -- The description is looked for only where the data does not already tell that there is an object.
  local creating = mode == 'create'
  if updates and (mode ~= '' or not VALUE) then
    local known, repeated = redis.call('EXISTS', keys[2]) == 1, refuse_after ~= ''
    if creating and known then return refuse(seq, lasting, repeated, {0}) end
    if not known then
      if mode == '' then
        return refuse(seq, lasting, repeated, redis.error_reply('CRUCIAL_ABSENT there is no such object'))
      end
      -- The first write is the one that a full server refuses; after it, it lets a script finish.
      redis.call('HSET', keys[2], 'type', name, 'detail', detail)
      if creating then redis.call('DEL', K) end
    end
  end

  local replies, count, i, last = {}, 0, 2, #argv
  while i <= last do
    local method, n = argv[i], tonumber(argv[i + 1])
    local run = M[method]
    if not run and rest then
      rest()
      run = M[method]
    end
    if not run then return redis.error_reply('CRUCIAL_NO_METHOD ' .. method) end
    -- A method that the server stops (another type under the key, full memory) fails alone.
    local done, reply = pcall(run, i + 2, n)
    if not done then reply = redis.status_reply('ERR ' .. (type(reply) == 'table' and reply.err or reply)) end
    count = count + 1
    replies[count] = reply
    i = i + 2 + n
  end
  if finish and updates then finish() end
  if creating then
    local failed = type(replies[1]) == 'table' and replies[1].ok
    if failed then
      redis.call('DEL', K, keys[2])
      return answer(seq, lasting, replies)
    end
    replies = {1}
    notify()
  end
  if not updates then return replies end
  return answer(seq, lasting, replies)
end
