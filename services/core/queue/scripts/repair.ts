import { base } from './base.ts';
import { bundles } from './bundles.ts';
import { finish } from './finish.ts';
import { outboxes } from './outbox.ts';
import { dispatch, order, place } from './place.ts';
import { standing } from './repair-standing.ts';
import { strays } from './repair-strays.ts';
import { toScript } from './script.ts';

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
    bundles,
    outboxes,
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
local pools, groups, pipelines, repos, lanes, lost = {}, {}, {}, {}, {}, {}
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
    if job.group then groups[job.group] = math.max(groups[job.group] or 0, tonumber(job.permits or 1)) end
    if job.lane then lanes[job.lane] = true end
  else
    lost[#lost + 1] = id
    if job and job.group then groups[job.group] = groups[job.group] or 0 end
    if job and job.lane then lanes[job.lane] = true end
    if job and job.pipeline then pipelines[job.pipeline] = true end
  end
end

-- Without a hash or a spec it can neither run nor be shown.
for _, id in ipairs(lost) do
  mend(id, 'without its hash or its spec: dropped')
  call('ZREM', INDEX, id)
  for _, n in ipairs(bundles_of(id)) do drop_bundle(id, n) end
  call('UNLINK', JOB .. id, SPEC .. id, REASON .. id, STEPS .. id, STANDS .. id, NEEDS .. id, DEPENDENTS .. id, BUNDLE .. id)
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
  in_pool(pool)
  shares_of(pool)
end
for group in pairs(groups) do in_group(group) end
for lane in pairs(lanes) do in_lane(lane) end
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
  if call('HSETNX', PIPELINE .. job.pipeline, id, next_place(job.pipeline)) == 1 then
    mend(id, 'put into its pipeline')
  end
  for _, pipeline in ipairs(call('SMEMBERS', STANDS .. id)) do
    if call('HSETNX', PIPELINE .. pipeline, id, next_place(pipeline)) == 1 then
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
  if job.lane and not final[state] and call('SADD', LANE .. job.lane, id) == 1 then mend(id, 'its lane') end
  if state == 'queued' then
    if call('SADD', POOLS, job.pool) == 1 then mend(job.pool, 'a pool that was not listed') end
    put_queued(job)
  end
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
for group, most in pairs(groups) do
  -- More than may: those that no agent has yet go back into the line, the newest first.
  for i = #list, 1, -1 do
    local job = list[i]
    if job.group == group and call('SCARD', PERMITS .. group) > most then
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
  if not job and outbox_of(status) then
    due[status] = true
  elseif job and job.status == status then
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

local kept, rooms = {}, {}
for _, job in ipairs(list) do
  for _, n in ipairs(bundles_of(job.id)) do
    local bundle, entry = read_bundle(job.id, n), job.id .. ' ' .. n
    if bundle then
      kept[entry], rooms[bundle.repo] = true, (rooms[bundle.repo] or 0) + bundle.bytes
      -- Since when it is kept nobody knows any more.
      if call('ZADD', BUNDLES, 'NX', now + 86400000, entry) == 1 then mend(entry, 'artifacts that are kept a day more') end
    else
      drop_bundle(job.id, n)
      mend(entry, 'artifacts of which nothing is known')
    end
  end
end
for _, entry in ipairs(call('ZRANGE', BUNDLES, 0, -1)) do
  if not kept[entry] then
    call('ZREM', BUNDLES, entry)
    mend(entry, 'artifacts of no job')
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
recount(STORED, rooms)
return mended
`,
});
