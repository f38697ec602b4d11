/**
 * Lua: a job becomes ready, or waits in its concurrency group. Needs `base`.
 *
 * A ready job's score is class × 2^49 + virtual time. The virtual time is start-time fair queueing with the
 * head of the class as the clock: a repository's next job comes one after its last, and never before the head.
 * So of each repository at most one job has the head's time, and a newcomer waits for at most one job of each
 * other repository. Equal times go by sequence, which the member begins with.
 *
 * The permit is taken before the job is ready: a blocked job has no ticket, and no agent is started for it.
 */
export const place = `
local CLASS = 2 ^ 49

local function sequence(job)
  job.seq = job.seq or redis.call('ZSCORE', INDEX, job.id)
  return tonumber(job.seq)
end

local function member(job)
  return string.format('%010x', sequence(job)) .. job.id
end

-- Scores go to Redis as numbers: text would lose digits.
local function rank(job, class)
  local key, low = READY .. job.pool, class * CLASS
  local fair = FAIR .. job.pool .. ':' .. class
  local head = redis.call('ZRANGEBYSCORE', key, low, low + CLASS - 1, 'WITHSCORES', 'LIMIT', 0, 1)
  local time = 0
  if head[1] then
    time = math.max(head[2] - low, tonumber(redis.call('HGET', fair, job.repo) or 0))
  else
    redis.call('DEL', fair)
  end
  redis.call('HSET', fair, job.repo, time + 1)
  redis.call('ZADD', key, low + time, member(job))
end

local function permitted(job)
  if not job.group then return true end
  local held, line = PERMITS .. job.group, BLOCKED .. job.group
  if redis.call('SISMEMBER', held, job.id) == 1 then return true end
  local first = redis.call('ZRANGE', line, 0, 0, 'WITHSCORES')
  local next_in_line = not first[1] or sequence(job) < tonumber(first[2])
  if next_in_line and redis.call('SCARD', held) < tonumber(job.permits) then
    redis.call('SADD', held, job.id)
    return true
  end
  redis.call('ZADD', line, sequence(job), job.id)
  return false
end

-- Sets job.state, and job.ticket or job.reason; the caller writes and tells them.
local function place(job)
  if permitted(job) then
    if redis.call('SISMEMBER', POOLS, job.pool) == 0 then redis.call('SADD', POOLS, job.pool) end
    rank(job, tonumber(job.class))
    job.state, job.reason = 'queued', nil
    job.ticket = redis.call('XADD', TICKETS .. job.pool, '*', 'job', job.id)
  else
    job.state, job.reason = 'blocked', 'concurrency group "' .. job.group .. '" is full'
  end
end

-- A job that is in no place now goes back to where agents find it.
local function dispatch(job)
  local from = job.state
  place(job)
  redis.call('HDEL', JOB .. job.id, 'agent', 'token', 'started', 'finished', 'exit', 'cancelling', 'by')
  redis.call('HSET', JOB .. job.id, 'state', job.state)
  if job.state == 'queued' then
    redis.call('HSET', JOB .. job.id, 'queued', stamp, 'ticket', job.ticket)
  end
  explain(job.id, job.reason)
  count(from, job.state)
  emit(job.state, job.id, job.reason and { reason = job.reason })
end

-- Out of its group: the permit goes back, and whoever is now first in the line, and may, goes on.
local function release(job)
  if not job.group then return end
  redis.call('SREM', PERMITS .. job.group, job.id)
  local held, line = PERMITS .. job.group, BLOCKED .. job.group
  while true do
    local first = redis.call('ZRANGE', line, 0, 0)[1]
    local other = first and read(first)
    if not other or redis.call('SCARD', held) >= tonumber(other.permits) then return end
    redis.call('ZREM', line, first)
    redis.call('SADD', held, first)
    dispatch(other)
  end
end
`;
