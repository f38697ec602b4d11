import { base } from './base.ts';
import { finish } from './finish.ts';
import { dispatch, order, place } from './place.ts';
import { toScript } from './script.ts';

/** Lua: what says something that no job's hash says goes. */
const strays = `
local function in_set(key, should, name)
  for _, id in ipairs(call('ZRANGE', key, 0, -1)) do
    local job = jobs[id]
    if not job or not should(job) then
      call('ZREM', key, id)
      mend(id, 'taken out of ' .. name)
    end
  end
end
local function is(state)
  return function(job) return job.state == state end
end

-- Of one pool: only queued jobs, each with the one ticket that its hash names.
local function in_pool(pool)
  for _, entry in ipairs(call('ZRANGE', READY .. pool, 0, -1)) do
    local job = jobs[string.sub(entry, 11)]
    if not job or job.state ~= 'queued' or job.pool ~= pool or member(job) ~= entry then
      call('ZREM', READY .. pool, entry)
      mend(string.sub(entry, 11), 'taken out of ready')
    end
  end
  for _, entry in ipairs(call('XRANGE', TICKETS .. pool, '-', '+')) do
    local job = jobs[entry[2][2]]
    if not job or job.state ~= 'queued' or job.pool ~= pool or job.ticket ~= entry[1] then
      call('XDEL', TICKETS .. pool, entry[1])
      mend(entry[2][2], 'a ticket too many')
    end
  end
end

-- How many of each repository wait in a class, and the time of the last, counted anew.
local function shares_of(pool)
  local real = {}
  local ready = call('ZRANGE', READY .. pool, 0, -1, 'WITHSCORES')
  for i = 1, #ready, 2 do
    local fair = FAIR .. pool .. ':' .. math.floor(ready[i + 1] / CLASS)
    local repo = jobs[string.sub(ready[i], 11)].repo
    real[fair] = real[fair] or {}
    local share = real[fair][repo] or { jobs = 0, last = 0 }
    share.jobs, share.last = share.jobs + 1, math.max(share.last, ready[i + 1] % CLASS)
    real[fair][repo] = share
  end
  for class = 0, 9 do
    local fair = FAIR .. pool .. ':' .. class
    local known = call('HGETALL', fair)
    local shares = real[fair] or {}
    for i = 1, #known, 2 do
      local repo = known[i]
      local share = shares[repo]
      if not share then
        call('HDEL', fair, repo)
        mend(repo, 'counted as waiting in ' .. pool)
      else
        if known[i + 1] % MANY == share.jobs and math.floor(known[i + 1] / MANY) >= share.last then
          shares[repo] = nil
        end
      end
    end
    for repo, share in pairs(shares) do
      call('HSET', fair, repo, whole(share.last * MANY + share.jobs))
      mend(repo, 'how many wait in ' .. pool .. ' counted anew')
    end
  end
end

local function in_group(group)
  for _, id in ipairs(call('SMEMBERS', PERMITS .. group)) do
    local job = jobs[id]
    if not job or job.group ~= group or not (job.state == 'queued' or job.state == 'running') then
      call('SREM', PERMITS .. group, id)
      mend(id, 'a permit too many of ' .. group)
    end
  end
  in_set(BLOCKED .. group, function(job) return job.state == 'blocked' and job.group == group end, 'line of ' .. group)
end

local function in_pipeline(pipeline)
  for _, id in ipairs(call('HKEYS', PIPELINE .. pipeline)) do
    if not jobs[id] then
      call('HDEL', PIPELINE .. pipeline, id)
      mend(id, 'taken out of its pipeline')
    end
  end
end
`;

/** Lua: a job stands where its hash says. */
const standing = `
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
      if state ~= 'success' and job.runs ~= 'always' then
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

/**
 * Makes everything again from the jobs' own hashes, which are what a reader sees. Looks at every job, and holds
 * Redis meanwhile: for a person, after damage from outside.
 *
 * KEYS  [1] seq
 * ARGV  [1] lease, ms
 * Returns a line for each thing that was mended.
 */
export const repair = toScript('repair', {
  kind: 'drain',
  parts: [
    base,
    order,
    place,
    dispatch,
    finish,
    `
local mended, jobs, list = {}, {}, {}
local final = { success = true, failure = true, cancelled = true, timeout = true, skipped = true, dead = true }
local function mend(what, text) mended[#mended + 1] = what .. ': ' .. text end
`,
    strays,
    standing,
  ],
  body: `
local lease = tonumber(ARGV[1])
local pools, groups, pipelines, repos, lost = {}, {}, {}, {}, {}
for _, pool in ipairs(call('SMEMBERS', POOLS)) do pools[pool] = true end
for _, field in ipairs(call('HKEYS', UNFINISHED)) do
  local kind, name = string.match(field, '^(%a+) (.*)$')
  if kind == 'repo' then repos[name] = true end
end
for _, id in ipairs(call('ZRANGE', INDEX, 0, -1)) do
  local job = read(id)
  if job and job.state and job.repo and job.pool and job.pipeline and call('EXISTS', SPEC .. id) == 1 then
    jobs[id], list[#list + 1] = job, job
    pools[job.pool], pipelines[job.pipeline], repos[job.repo] = true, true, true
    for _, pipeline in ipairs(call('SMEMBERS', STANDS .. id)) do pipelines[pipeline] = true end
    if job.group then groups[job.group] = true end
  else
    lost[#lost + 1] = id
    if job and job.group then groups[job.group] = true end
    if job and job.pipeline then pipelines[job.pipeline] = true end
  end
end

-- Without a hash or a spec it can neither run nor be shown.
for _, id in ipairs(lost) do
  mend(id, 'without its hash or its spec: dropped')
  call('ZREM', INDEX, id)
  call('UNLINK', JOB .. id, SPEC .. id, REASON .. id, STEPS .. id, STANDS .. id, NEEDS .. id, DEPENDENTS .. id)
end

in_set(LEASES, is('running'), 'leases')
in_set(DEADLINES, is('running'), 'deadlines')
in_set(DELAYED, is('delayed'), 'delayed')
in_set(DEAD, is('dead'), 'dead')
local function logged(job) return final[job.state] and job.ran end
in_set(UNARCHIVED, logged, 'logs to archive')
in_set(ARCHIVED, logged, 'archived logs')
in_set(DONE, function(job) return final[job.state] end, 'done')
for repo in pairs(repos) do in_set(REPO .. repo, function(job) return job.repo == repo end, 'index of ' .. repo) end
for pool in pairs(pools) do
  if call('SADD', POOLS, pool) == 1 then mend(pool, 'a pool that was not listed') end
  in_pool(pool)
  shares_of(pool)
end
for group in pairs(groups) do in_group(group) end
for pipeline in pairs(pipelines) do in_pipeline(pipeline) end
local agents = call('HGETALL', AGENTS)
for i = 1, #agents, 2 do
  local job = jobs[agents[i + 1]]
  if not job or job.state ~= 'running' or job.agent ~= agents[i] then
    call('HDEL', AGENTS, agents[i])
    mend(agents[i], 'an agent without its job')
  end
end

for _, job in ipairs(list) do
  local id, state = job.id, job.state
  put(REPO .. job.repo, call('ZSCORE', INDEX, id), id, 'index of ' .. job.repo)
  if call('HSETNX', PIPELINE .. job.pipeline, id, call('HLEN', PIPELINE .. job.pipeline) + 1) == 1 then
    mend(id, 'put into its pipeline')
  end
  for _, pipeline in ipairs(call('SMEMBERS', STANDS .. id)) do
    if call('HSETNX', PIPELINE .. pipeline, id, call('HLEN', PIPELINE .. pipeline) + 1) == 1 then
      mend(id, 'stands in a later run again')
    end
  end
  if state ~= 'queued' and (job.ticket or '') ~= '' then
    call('HSET', JOB .. id, 'ticket', '')
    mend(id, 'a ticket that it has not')
  end
  if not final[state] and job.finished then
    call('HDEL', JOB .. id, 'finished')
    job.finished = nil
    mend(id, 'not finished')
  end
  if state ~= 'waiting' and call('DEL', NEEDS .. id) == 1 then mend(id, 'needs that are met') end
  if job.group and (state == 'queued' or state == 'running') and call('SADD', PERMITS .. job.group, id) == 1 then
    mend(id, 'its permit')
  end
  if final[state] then put_final(job) end
  if state == 'queued' then put_queued(job) end
  if state == 'delayed' then put(DELAYED, stamp, id, 'delayed') end
  if state == 'blocked' and job.group then put(BLOCKED .. job.group, sequence(job), id, 'line of ' .. job.group) end
  if state == 'blocked' and not job.group then
    mend(id, 'blocked without a group')
    dispatch(job)
  end
end

-- Decisions, once all stand where they should: they look at others.
for _, job in ipairs(list) do
  -- One that another's end has settled in between is as that left it.
  local state = call('HGET', JOB .. job.id, 'state')
  if state == job.state and state == 'running' then put_running(job, lease) end
  if state == job.state and state == 'waiting' then put_waiting(job) end
end
for _, job in ipairs(list) do
  for _, other in ipairs(call('SMEMBERS', DEPENDENTS .. job.id)) do
    if call('HEXISTS', NEEDS .. other, job.id) == 0 then
      call('SREM', DEPENDENTS .. job.id, other)
      mend(job.id, 'who no longer needs it')
    end
  end
end
for group in pairs(groups) do
  -- More than may: those that no agent has yet go back into the line, the newest first.
  for i = #list, 1, -1 do
    local job = list[i]
    if job.group == group and call('SCARD', PERMITS .. group) > tonumber(job.permits) then
      local now_is = read(job.id)
      if now_is.state == 'queued' then
        leave(now_is)
        call('SREM', PERMITS .. group, job.id)
        call('HSET', JOB .. job.id, 'ticket', '')
        dispatch(now_is)
        mend(job.id, 'back into the line of ' .. group)
      end
    end
  end
  release({ id = '', group = group })
end

local told = call('HGETALL', STATUSES)
local due = {}
for i = 1, #told, 2 do
  local status, job = told[i], jobs[string.match(told[i + 1], '^%x+') or '']
  if job and job.status == status then
    due[status] = true
    if call('ZADD', OUTBOX .. forge_of(job.repo), 'NX', now, status) == 1 then mend(status, 'to be told') end
  else
    call('HDEL', STATUSES, status)
    mend(status, 'a status of no job')
  end
end
for _, forge in ipairs({ 'gitea', 'github' }) do
  for _, status in ipairs(call('ZRANGE', OUTBOX .. forge, 0, -1)) do
    if not due[status] and call('HEXISTS', STATUSES, status) == 0 then
      call('ZREM', OUTBOX .. forge, status)
      mend(status, 'taken out of the outbox')
    end
  end
end

-- Counts last: what was decided above has counted, too.
local function recount(key, real)
  local known = call('HGETALL', key)
  for i = 1, #known, 2 do
    if tonumber(known[i + 1]) ~= (real[known[i]] or 0) then
      call('HSET', key, known[i], real[known[i]] or 0)
      mend(known[i], 'counted anew')
    end
    real[known[i]] = nil
  end
  for name, jobs_of in pairs(real) do
    call('HSET', key, name, jobs_of)
    mend(name, 'counted anew')
  end
end
local states, open = {}, {}
local function one_more(counts, name) counts[name] = (counts[name] or 0) + 1 end
for _, job in ipairs(list) do
  local state = call('HGET', JOB .. job.id, 'state')
  if not held[state] then one_more(states, state) end
  if not final[state] then
    one_more(open, 'repo ' .. job.repo)
    one_more(open, 'pool ' .. job.pool)
  end
end
recount(COUNTS, states)
recount(UNFINISHED, open)
return mended
`,
});
