/** Lua: a job's place in the order. Needs `base`. */
export const order = `
local function sequence(job)
  job.seq = job.seq or call('ZSCORE', INDEX, job.id)
  return tonumber(job.seq)
end

local function member(job)
  return string.format('%010x', sequence(job)) .. job.id
end
`;

/**
 * Lua: a job becomes ready, or waits in its concurrency group. Needs `base`.
 *
 * A ready job's score is class × 2^49 + virtual time. The virtual time is start-time fair queueing with the
 * head of the class as the clock: a repository's next job comes one after its last, and never before the head.
 * So of each repository at most one job has the head's time, and a newcomer waits for at most one job of each
 * other repository; for two, if its repository was the last one served. Equal times go by sequence, which the
 * member begins with.
 *
 * The permit is taken before the job is ready: a blocked job has no ticket, and no agent is started for it.
 */
export const place = `
local CLASS = 2 ^ 49

-- Virtual times, by pool and class: the head's, and the next of each repository. Known for as long as this
-- call only adds; whoever takes a job out forgets them.
local lines = {}

local function line_of(pool, class)
  local fair = FAIR .. pool .. ':' .. class
  local line = lines[fair]
  if line then return line end
  local low = class * CLASS
  local head = call('ZRANGEBYSCORE', READY .. pool, low, low + CLASS - 1, 'WITHSCORES', 'LIMIT', 0, 1)
  line = { fair = fair, head = head[1] and head[2] - low or 0, next = {} }
  if not head[1] then call('DEL', fair) end
  call('SADD', POOLS, pool)
  lines[fair] = line
  return line
end

-- Never tostring a score: it loses digits from 2^47 on.
local function rank(job, class)
  local line = line_of(job.pool, class)
  local next = line.next[job.repo] or tonumber(call('HGET', line.fair, job.repo) or 0)
  local time = math.max(line.head, next)
  line.next[job.repo] = time + 1
  call('HSET', line.fair, job.repo, whole(time + 1))
  call('ZADD', READY .. job.pool, whole(class * CLASS + time), member(job))
end

local function permitted(job)
  if not job.group then return true end
  local held, line = PERMITS .. job.group, BLOCKED .. job.group
  if call('SISMEMBER', held, job.id) == 1 then return true end
  local first = call('ZRANGE', line, 0, 0, 'WITHSCORES')
  local next_in_line = not first[1] or sequence(job) < tonumber(first[2])
  if next_in_line and call('SCARD', held) < tonumber(job.permits) then
    call('SADD', held, job.id)
    return true
  end
  call('ZADD', line, sequence(job), job.id)
  return false
end

-- Sets job.state, and job.ticket or job.reason; the caller writes and tells them.
local function place(job)
  if permitted(job) then
    rank(job, tonumber(job.class))
    job.state, job.reason = 'queued', nil
    job.ticket = call('XADD', TICKETS .. job.pool, '*', 'job', job.id)
  else
    job.state, job.reason = 'blocked', 'concurrency group "' .. job.group .. '" is full'
  end
end
`;

/** Lua: a known job goes on, and so does who waited for its permit. Needs `place`. */
export const dispatch = `
-- A job that is in no place now goes back to where agents find it.
local function dispatch(job)
  local from = job.state
  place(job)
  call('HDEL', JOB .. job.id, 'agent', 'token', 'started', 'finished', 'exit', 'cancelling', 'by')
  call('HSET', JOB .. job.id, 'state', job.state)
  if job.state == 'queued' then
    call('HSET', JOB .. job.id, 'queued', stamp, 'ticket', job.ticket)
  end
  explain(job.id, job.reason)
  count(from, job.state)
  emit(job.state, job.id, job.reason and { reason = job.reason })
end

-- Out of its group: the permit goes back, and whoever is now first in the line, and may, goes on.
local function release(job)
  if not job.group then return end
  call('SREM', PERMITS .. job.group, job.id)
  local held, line = PERMITS .. job.group, BLOCKED .. job.group
  while true do
    local first = call('ZRANGE', line, 0, 0)[1]
    local other = first and read(first)
    if not other or call('SCARD', held) >= tonumber(other.permits) then return end
    call('ZREM', line, first)
    dispatch(other)
  end
end
`;
