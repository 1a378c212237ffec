-- What a server gives to scripts, made from a function that runs a command and from the libraries in Rust.
local raw, libraries = ...

local redis = {sha1hex = libraries.sha1hex, LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3}

function redis.call(...)
  local reply = raw(...)
  if type(reply) == 'table' and reply.err then error(reply) end
  return reply
end

redis.pcall = raw

function redis.error_reply(text)
  if string.sub(text, 1, 1) == '-' then text = string.sub(text, 2) end
  if not string.find(text, ' ', 1, true) then text = 'ERR ' .. text end
  return {err = text}
end

function redis.status_reply(text)
  return {ok = text}
end

function redis.log() end

-- What is raised as a table with a text comes out of `pcall` as the text.
local function pcall_for_scripts(...)
  local function told(done, raised, ...)
    if not done and type(raised) == 'table' and type(raised.err) == 'string' then raised = raised.err end
    return done, raised, ...
  end
  return told(pcall(...))
end

local globals = {
  redis = redis, bit = libraries.bit, struct = libraries.struct, cmsgpack = libraries.cmsgpack,
  assert = assert, error = error, getmetatable = getmetatable, ipairs = ipairs, next = next, pairs = pairs,
  pcall = pcall_for_scripts, rawequal = rawequal, rawget = rawget, select = select, setmetatable = setmetatable,
  tonumber = tonumber, tostring = tostring, type = type, unpack = unpack, xpcall = xpcall,
  math = math, string = string, table = table,
}

function redis.register_function(name, callback)
  local registry = rawget(globals, 'REGISTRY')
  if not registry then error('redis.register_function can only be called on FUNCTION LOAD command') end
  if type(name) ~= 'table' then name = {function_name = name, callback = callback} end
  registry[#registry + 1] = name
end

return setmetatable(globals, {
  __index = function(_, name)
    error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
  end,
  __newindex = function() error('Attempt to modify a readonly table', 2) end,
})
