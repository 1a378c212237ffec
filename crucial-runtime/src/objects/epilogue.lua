-- Runs a batch against the methods that `define` defines.
local defined = false
-- Of this batch.
local records, seq, field, record, renew, refuse_after

local function note(reply)
  return remember(records, KEYS[2], field, record, renew ~= '' and now_ms(), seq, 'r', cmsgpack.pack(reply))
end

-- What was sent before may still be on its way. It must not run in the object's next life; where that can't be noted,
-- nobody knows.
local function refuse(reply)
  local noted = refuse_after ~= '' and note(reply)
  return type(noted) == 'table' and noted or reply
end

return function(keys, argv)
  KEYS, ARGV, K, INDEX, VALUE = keys, argv, keys[1], keys[3], false
  if not defined then
    M, begin, finish, rest = {}, false, false, false
    define()
    defined = begin and true
  end
  if begin then begin() end

  local header, updates = argv[1], argv[1] ~= ''
  local mode, ends, name, detail = '', '', '', ''
  renew, refuse_after = '', ''
  if #header > 33 then
    renew, refuse_after, mode, ends, name, detail =
      string.match(header, '^(%+?)(%d*)\n?(%a*)(%d*)\n?([^\n]*)\n?(.*)$', 34)
  end
  if updates then
    local ran
    records, seq, field = keys[#keys], string.sub(header, 1, 16), string.sub(header, 17, 33)
    record, ran = recall(records, field, seq, refuse_after)
    if ran == true then return cmsgpack.unpack(string.sub(record, 26)) end
    if ran then return ran end
  end

  -- The description is looked for only where the data does not already tell that there is an object.
  local creating = mode == 'create'
  if updates and (mode ~= '' or not VALUE) then
    local known = redis.call('EXISTS', keys[2]) == 1
    if creating and known then return refuse({0}) end
    if not known then
      if mode == '' then
        return refuse(redis.error_reply('CRUCIAL_ABSENT there is no such object'))
      end
      local ended = over(ends)
      if ended then return ended end
      -- The first write is the one that a full server refuses; after it, it lets a script finish.
      redis.call('HSET', keys[2], 'type', name, 'detail', detail, 'format', 1)
      redis.call('PERSIST', records)
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
      note(replies)
      outlive(records, keys[2])
      return replies
    end
    replies = {1}
    notify()
  end
  -- What has been done is answered even if a full server has no room to remember it.
  if updates then note(replies) end
  return replies
end
