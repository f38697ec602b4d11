/** Lua: a job stands where its hash says. */
export const standing = `
local function put(key, score, id, name)
  if call('ZADD', key, 'NX', score, id) == 1 then mend(id, 'put into ' .. name) end
end

local function put_final(job)
  local id = job.id
  if not job.finished then
    job.finished = stamp
    call('HSET', JOB .. id, 'finished', stamp)
    mend(id, 'finished at an unknown time')
  end
  put(DONE, job.finished, id, 'done')
  if job.state == 'dead' then put(DEAD, job.finished, id, 'dead') end
  if not job.ran then return end
  if not call('ZSCORE', ARCHIVED, id) then
    put(UNARCHIVED, stamp, id, 'logs to archive')
  elseif call('ZREM', UNARCHIVED, id) == 1 then
    mend(id, 'its log is archived')
  end
end

local function put_queued(job)
  local id = job.id
  local known = job.ticket and job.ticket ~= '' and call('XRANGE', TICKETS .. job.pool, job.ticket, job.ticket)[1]
  if not (known and known[2][2] == id) then
    job.ticket = call('XADD', TICKETS .. job.pool, '*', 'job', id)
    call('HSET', JOB .. id, 'ticket', job.ticket)
    mend(id, 'a new ticket')
  end
  if not call('ZSCORE', READY .. job.pool, member(job)) then
    job.turn = call('INCR', SEQ)
    call('HSET', JOB .. id, 'turn', job.turn)
    rank(job, tonumber(job.class))
    mend(id, 'put into ready')
  end
end

local function put_running(job, lease)
  local id = job.id
  local other = job.agent and call('HGET', AGENTS, job.agent)
  if not job.agent or not job.token or (other and other ~= id) then
    -- Nobody can speak for it any more.
    job.agent = job.agent or ''
    mend(id, 'its agent is given up')
    if other and other ~= id then job.agent = '' end
    return lose(job, 'the queue forgot its agent', 1e9)
  end
  if not other then
    call('HSET', AGENTS, job.agent, id)
    mend(id, 'its agent is known again')
  end
  put(LEASES, whole(now + lease), id, 'leases')
  put(DEADLINES, whole(now + job.limit + lease), id, 'deadlines')
end

-- What it needs and has ended, or is gone, is settled as if that had just happened.
local function put_waiting(job)
  local id = job.id
  for _, need in ipairs(call('HKEYS', NEEDS .. id)) do
    local other, name = jobs[need], call('HGET', NEEDS .. id, need)
    local state = other and other.state
    if state and not final[state] then
      if call('SADD', DEPENDENTS .. need, id) == 1 then mend(id, 'known to what it needs') end
    else
      call('HDEL', NEEDS .. id, need)
      call('SREM', DEPENDENTS .. need, id)
      mend(id, 'a need that has ended')
      if not suits(job, state) then
        return finish(job, 'skipped', 'needs "' .. name .. '", which ' .. (state and 'ended as ' .. state or 'is lost'))
      end
    end
  end
  if not job.awaits and call('EXISTS', NEEDS .. id) == 0 then
    mend(id, 'waited for nothing')
    dispatch(job)
  end
end
`;
