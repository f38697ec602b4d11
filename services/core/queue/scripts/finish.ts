/** Lua: a job leaves its place, ends, is lost; who waited for it goes on in the same call. Needs `place`. */
export const finish = `
-- Out of the place that belongs to its state. The permit is another matter: see release.
local function leave(job)
  local id, state = job.id, job.state
  if state == 'queued' then
    pass(job.pool, call('ZSCORE', READY .. job.pool, member(job)), job.repo)
    call('ZREM', READY .. job.pool, member(job))
    call('XDEL', TICKETS .. job.pool, job.ticket)
  elseif state == 'running' then
    call('ZREM', LEASES, id)
    call('ZREM', DEADLINES, id)
    call('HDEL', AGENTS, job.agent)
  elseif state == 'delayed' then
    call('ZREM', DELAYED, id)
  elseif state == 'blocked' then
    call('ZREM', BLOCKED .. job.group, id)
  elseif state == 'waiting' then
    for _, need in ipairs(call('HKEYS', NEEDS .. id)) do call('SREM', DEPENDENTS .. need, id) end
    call('DEL', NEEDS .. id)
  else
    if job.lane then call('SADD', LANE .. job.lane, id) end
    call('ZREM', DONE, id)
    if state == 'dead' then call('ZREM', DEAD, id) end
    admitted(job, 1)
    call('ZREM', UNARCHIVED, id)
    call('ZREM', ARCHIVED, id)
  end
end

local finish

-- Whether a job may still run after one of those that it needs has ended so.
local function suits(job, state)
  if job.runs == 'always' then return true end
  return (state == 'success') == (job.runs ~= 'failure')
end

-- In the order in which they were made, so that a replay is the same.
local function settle_dependents(job)
  local ids = call('SMEMBERS', DEPENDENTS .. job.id)
  if #ids == 0 then return end
  call('DEL', DEPENDENTS .. job.id)
  local order = {}
  for _, id in ipairs(ids) do order[id] = tonumber(call('ZSCORE', INDEX, id)) end
  table.sort(ids, function(a, b) return order[a] < order[b] end)
  for _, id in ipairs(ids) do
    local name = call('HGET', NEEDS .. id, job.id)
    -- One that ended with another of these needs this one no more.
    if name then
      call('HDEL', NEEDS .. id, job.id)
      local other = read(id)
      if not suits(other, job.state) then
        finish(other, 'skipped', 'needs "' .. name .. '", which ended as ' .. job.state)
      elseif not other.awaits and call('EXISTS', NEEDS .. id) == 0 then
        dispatch(other)
      end
    end
  end
end

function finish(job, state, reason, exit)
  local id, from = job.id, job.state
  leave(job)
  job.state = state
  -- That nobody approved it stays: a run of it that somebody asks for must be approved, too.
  if job.cancelling then call('HDEL', JOB .. id, 'cancelling', 'by') end
  -- Its token outlives its own settling only; see authenticate.
  call('HSET', JOB .. id, 'state', state, 'finished', stamp, 'settled', job.settled or '', 'ticket', '')
  if exit then call('HSET', JOB .. id, 'exit', exit) end
  if job.lane then call('SREM', LANE .. job.lane, id) end
  -- A running or queued job has none yet, and from elsewhere none ends without one.
  if reason then explain(id, reason) end
  call('ZADD', DONE, now, id)
  if state == 'dead' then call('ZADD', DEAD, now, id) end
  admitted(job, -1)
  if job.ran then call('ZADD', UNARCHIVED, now, id) end
  count(from, state)
  if state == 'skipped' or state == 'dead' then
    emit(state, id, { reason = reason })
  else
    emit('finished', id, { state = state, reason = reason, exitCode = exit })
  end
  tell(job)
  release(job)
  settle_dependents(job)
end

local function cancelled_by(job)
  return job.by and ('cancelled by ' .. job.by) or 'cancelled'
end

-- A running job is only asked: its agent ends it, or tick does.
local function stop(job, by)
  if job.state ~= 'running' then
    job.by = by
    finish(job, 'cancelled', cancelled_by(job))
  elseif not job.cancelling then
    call('HSET', JOB .. job.id, 'cancelling', '1', 'by', by)
    emit('cancelling', job.id)
  end
end

-- Its agent is gone: a new fence, so that what it still sends is refused; then another try, or none.
local function lose(job, reason, most)
  job.fence, job.losses = job.fence + 1, (job.losses or 0) + 1
  call('HSET', JOB .. job.id, 'fence', job.fence, 'losses', job.losses)
  emit('lost', job.id, { fence = job.fence, reason = reason })
  call('HDEL', JOB .. job.id, 'agent', 'token')
  if job.cancelling then
    finish(job, 'cancelled', cancelled_by(job))
  elseif job.losses >= most then
    finish(job, 'dead', 'lost ' .. job.losses .. ' agents; the last: ' .. reason)
  else
    leave(job)
    dispatch(job)
  end
end
`;
