/** Lua: the time, a job's hash, its events, the counts. */
export const base = `
-- Redis' clock is the only one; a script sees one moment.
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function whole(number) return string.format('%d', number) end
local stamp = whole(now)

-- Into a sorted set, into a hash; enqueue, which makes many jobs, puts its own in this place.
local add, put = call, call
-- What its own have put into hashes, and Redis does not have yet: key → field → value.
local noted = {}

local function read(id)
  local flat = call('HGETALL', JOB .. id)
  if #flat == 0 then return nil end
  local job = { id = id }
  for i = 1, #flat, 2 do job[flat[i]] = flat[i + 1] end
  return job
end

-- One field, so that the stream stores its name once a node: type, job, time, and JSON where there is more.
local function emit(kind, id, data)
  local text = kind .. ' ' .. id .. ' ' .. stamp
  if data then text = text .. ' ' .. cjson.encode(data) end
  call('XADD', EVENTS, '*', 'e', text)
end

-- Queued, running and delayed jobs are counted by what holds them.
local held = { queued = true, running = true, delayed = true }

local function count(from, to)
  if from and not held[from] then call('HINCRBY', COUNTS, from, -1) end
  if to and not held[to] then call('HINCRBY', COUNTS, to, 1) end
end

-- Unfinished jobs of a repository and of a pool: what the caps look at.
local function admitted(job, more)
  call('HINCRBY', UNFINISHED, 'repo ' .. job.repo, more)
  call('HINCRBY', UNFINISHED, 'pool ' .. job.pool, more)
end

local function forge_of(repo) return string.match(repo, '^%a+') end

-- Its forge is to be told what it is now. An entry that is there keeps its time: it is leased, or backs off.
local function tell(job)
  if not job.status then return end
  call('HSET', STATUSES, job.status, job.id)
  call('ZADD', OUTBOX .. forge_of(job.repo), 'NX', now, job.status)
end

-- After all that the pipeline knows: history may have taken some of its jobs out, so their number is no place.
local function next_place(pipeline)
  local last = 0
  for _, place in ipairs(call('HVALS', PIPELINE .. pipeline)) do last = math.max(last, tonumber(place)) end
  return last + 1
end

local function explain(id, reason)
  if reason then call('SET', REASON .. id, reason) else call('DEL', REASON .. id) end
end
`;
