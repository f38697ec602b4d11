/** Lua: a new job. Needs `place`. */
export const create = `
local SAID = { 'group', 'permits', 'lane', 'move', 'runs', 'awaits', 'status', 'ticket', 'number', 'parent', 'prev' }

-- job: { id, seq, pool, class, limit, group?, permits?, lane?, move?, runs?, awaits?, status?, reason?,
--   number?, parent?, prev?, needs?: { { id, name } … }, later? }: an hour to come. Its spec is the caller's to write.
local function create(job, repo, pipeline)
  local id, seq = job.id, whole(job.seq)
  job.repo = repo
  add('ZADD', INDEX, seq, id)
  add('ZADD', REPO .. repo, seq, id)
  if job.lane then call('SADD', LANE .. job.lane, id) end
  if job.needs then
    for _, need in ipairs(job.needs) do
      call('HSET', NEEDS .. id, need[1], need[2])
      call('SADD', DEPENDENTS .. need[1], id)
    end
  end
  if job.reason then
    job.state = 'waiting'
  elseif job.later then
    job.state, job.reason = 'delayed', 'its repository may begin ' .. job.later.most .. ' jobs an hour'
    call('ZADD', DELAYED, whole(job.later.due), id)
  else
    place(job)
  end
  local fields = {
    'pool', job.pool, 'repo', repo, 'pipeline', pipeline, 'class', job.class, 'limit', job.limit, 'created', stamp,
    'state', job.state,
  }
  for _, name in ipairs(SAID) do
    local value = job[name]
    if value then
      fields[#fields + 1] = name
      fields[#fields + 1] = value == true and '1' or value
    end
  end
  if job.state == 'queued' then
    fields[#fields + 1] = 'queued'
    fields[#fields + 1] = stamp
  end
  call('HSET', JOB .. id, unpack(fields))
  if job.reason then explain(id, job.reason) end
  count(nil, job.state)
  emit('created', id, job.reason and { state = job.state, reason = job.reason, awaits = job.awaits })
  tell(job)
end
`;
