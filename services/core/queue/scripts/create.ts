/** Lua: a new job. Needs `place`. */
export const create = `
-- new: { id, seq, pool, class, limit, group?, permits?, lane?, move?, runs?, awaits?, status?, reason?,
--   needs?: { { id, name } … }, later? }: an hour to come
local function create(new, spec, repo, pipeline)
  local id = new.id
  local job = { id = id, pool = new.pool, class = new.class, repo = repo, group = new.group, permits = new.permits, status = new.status }
  job.seq = new.seq
  call('SET', SPEC .. id, spec)
  local seq = whole(job.seq)
  add('ZADD', INDEX, seq, id)
  add('ZADD', REPO .. repo, seq, id)
  local fields = {
    'pool', new.pool, 'repo', repo, 'pipeline', pipeline, 'class', new.class, 'limit', new.limit, 'created', stamp,
  }
  local function add(name, value)
    if value then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  add('group', new.group)
  add('permits', new.permits)
  add('lane', new.lane)
  add('move', new.move)
  if new.lane then call('SADD', LANE .. new.lane, id) end
  add('runs', new.runs)
  add('awaits', new.awaits and '1')
  add('status', new.status)
  for _, need in ipairs(new.needs or {}) do
    call('HSET', NEEDS .. id, need[1], need[2])
    call('SADD', DEPENDENTS .. need[1], id)
  end
  if new.reason then
    job.state, job.reason = 'waiting', new.reason
  elseif new.later then
    job.state, job.reason = 'delayed', 'its repository may begin ' .. new.later.most .. ' jobs an hour'
    call('ZADD', DELAYED, whole(new.later.due), id)
  else
    place(job)
  end
  add('state', job.state)
  if job.state == 'queued' then
    add('queued', stamp)
    add('ticket', job.ticket)
  end
  call('HSET', JOB .. id, unpack(fields))
  if job.reason then explain(id, job.reason) end
  count(nil, job.state)
  emit('created', id, job.reason and { state = job.state, reason = job.reason, awaits = new.awaits })
  tell(job)
end
`;
