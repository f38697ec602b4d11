/** Lua: a job's place in the order. Needs `base`. */
export const order = `
local CLASS = 2 ^ 49
-- What a repository has in a class, in one number: the virtual time of the last that it put there × 2^20 + how
-- many wait.
local MANY = 2 ^ 20

local function more_of(key, field, by)
  if put == call then return call('HINCRBY', key, field, by) end
  local more = by + (noted[key] and noted[key][field] or call('HGET', key, field) or 0)
  put('HSET', key, field, whole(more))
  return more
end

local function sequence(job)
  job.seq = job.seq or call('ZSCORE', INDEX, job.id)
  return tonumber(job.seq)
end

-- A job that becomes ready again does so as the last who came; its place in the index stays.
local function member(job)
  return string.format('%010x', job.turn or sequence(job)) .. job.id
end

-- Out of the order: its repository has one less in that class.
local function pass(pool, score, repo)
  local fair = FAIR .. pool .. ':' .. math.floor(score / CLASS)
  if call('HINCRBY', fair, repo, -1) % MANY == 0 then call('HDEL', fair, repo) end
end
`;

/**
 * Lua: a job becomes ready, or waits in its concurrency group. Needs `base`.
 *
 * A ready job's score is class × 2^49 + virtual time. The virtual time is start-time fair queueing with the
 * head of the class as the clock: a job of a repository that has none waiting gets the head's time, any other
 * comes one after the last of its repository. So of each repository at most one job has the head's time, and who
 * comes as the only one of its repository waits for at most one job of each other, whatever they have queued.
 * Equal times go by the order of becoming ready, which the member begins with.
 *
 * The permit is taken before the job is ready: a blocked job has no ticket, and no agent is started for it.
 */
export const place = `
-- In a class with nothing waiting the clock begins anew; only then can the pool be an unknown one.
local function head_of(pool, class)
  local low = class * CLASS
  local head = call('ZRANGEBYSCORE', READY .. pool, low, low + CLASS - 1, 'WITHSCORES', 'LIMIT', 0, 1)
  if head[1] then return head[2] - low end
  call('SADD', POOLS, pool)
  return 0
end

-- MANY + 1, as Redis wants it.
local ONE_MORE = '1048577'

-- Never tostring a score: it loses digits from 2^47 on.
local function rank(job, class)
  local fair = FAIR .. job.pool .. ':' .. class
  -- One more, one later than the last: right unless this is the only one.
  local waiting = more_of(fair, job.repo, ONE_MORE)
  if waiting == MANY + 1 then
    waiting = head_of(job.pool, class) * MANY + 1
    put('HSET', fair, job.repo, whole(waiting))
  end
  add('ZADD', READY .. job.pool, whole(class * CLASS + math.floor(waiting / MANY)), member(job))
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
    rank(job, job.class)
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
  job.turn = call('INCR', SEQ)
  place(job)
  call('HDEL', JOB .. job.id, 'agent', 'token', 'started', 'finished', 'exit', 'cancelling', 'by')
  call('HSET', JOB .. job.id, 'state', job.state)
  if job.state == 'queued' then
    call('HSET', JOB .. job.id, 'queued', stamp, 'ticket', job.ticket, 'turn', job.turn)
  end
  explain(job.id, job.reason)
  count(from, job.state)
  emit(job.state, job.id, job.reason and { reason = job.reason })
  tell(job)
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
