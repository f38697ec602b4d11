import { base } from './base.ts';
import { bundles } from './bundles.ts';
import { finish } from './finish.ts';
import { dispatch, order, place } from './place.ts';
import { toScript } from './script.ts';

/**
 * What the time decides. Every api calls it each second; no leader, since repeating it changes nothing.
 *
 * KEYS  [1] seq
 * ARGV  [1] lease, ms  [2] most losses  [3] gap that is no tick but an outage, ms  [4] class rises after, ms
 *       [5] most finished jobs  [6] for how long, ms  [7] most events  [8] a pipeline is a dup for, ms
 *       [9] how many of each at most  [10] finished jobs to forget in any case, to make room
 * Returns logs to unlink, `<job> <fence>` each; they stay listed until they are removed from `trash`.
 */
export const tick = toScript('tick', {
  kind: 'drain',
  parts: [base, order, place, dispatch, finish, bundles],
  body: `
local lease, batch = tonumber(ARGV[1]), tonumber(ARGV[9])

local function due(key)
  return call('ZRANGE', key, '-inf', now, 'BYSCORE', 'LIMIT', 0, batch)
end

local function shift(key, by)
  local all = call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for i = 1, #all, 2 do call('ZADD', key, all[i + 1] + by, all[i]) end
end

-- Gap guard. Nobody ticked, so perhaps nobody could renew a lease either; or the clock jumped. Without it an
-- outage would end every live job. Each gets one lease, from now; what has a date moves with the clock.
local last = tonumber(call('HGET', TICK, 'at') or 0)
local gap = now - last
if gap > tonumber(ARGV[3]) or gap < 0 then
  for _, id in ipairs(call('ZRANGE', LEASES, 0, -1)) do call('ZADD', LEASES, now + lease, id) end
  if last > 0 then
    shift(DEADLINES, gap)
    if gap < 0 then shift(DELAYED, gap) end
  end
end
call('HSET', TICK, 'at', stamp)

for _, id in ipairs(due(DELAYED)) do
  local job = read(id)
  leave(job)
  dispatch(job)
end

for _, id in ipairs(due(DEADLINES)) do
  local job = read(id)
  finish(job, 'timeout', 'ran longer than ' .. math.floor(job.limit / 1000) .. ' s')
end

for _, id in ipairs(due(LEASES)) do
  lose(read(id), 'the agent was not heard of for ' .. math.floor(lease / 1000) .. ' s', tonumber(ARGV[2]))
end

-- Who has waited long rises one class, again and again, so that none starves. Tickets say who came first; where
-- there are many, a tick goes on where the last one stopped.
local function rise(job)
  local ready, old = READY .. job.pool, member(job)
  local score = tonumber(call('ZSCORE', ready, old))
  local class = math.floor(score / CLASS)
  if class == 0 or now - job.queued < ARGV[4] * (job.class - class + 1) then return end
  pass(job.pool, score, job.repo)
  call('ZREM', ready, old)
  job.turn = call('INCR', SEQ)
  call('HSET', JOB .. job.id, 'turn', job.turn)
  rank(job, class - 1)
end

for _, pool in ipairs(call('SMEMBERS', POOLS)) do
  local field = 'risen ' .. pool
  local from = call('HGET', TICK, field) or '-'
  local old = call('XRANGE', TICKETS .. pool, from, whole(now - ARGV[4]), 'COUNT', batch)
  for _, entry in ipairs(old) do rise(read(entry[2][2])) end
  if #old == batch then
    call('HSET', TICK, field, '(' .. old[batch][1])
  elseif from ~= '-' then
    call('HDEL', TICK, field)
  end
end

call('XTRIM', EVENTS, 'MAXLEN', '~', ARGV[7])

local function forget(id)
  local job = read(id)
  local isArchived = call('ZREM', ARCHIVED, id) == 1
  for fence = 1, tonumber(job.ran or 0) do
    call('RPUSH', TRASH, id .. ' ' .. fence)
    if isArchived then call('RPUSH', DISCARDED, id .. ' ' .. fence) end
  end
  for _, n in ipairs(bundles_of(id)) do drop_bundle(id, n) end
  call('ZREM', UNARCHIVED, id)
  call('ZREM', DONE, id)
  call('ZREM', INDEX, id)
  call('ZREM', REPO .. job.repo, id)
  call('HDEL', PIPELINE .. job.pipeline, id)
  for _, pipeline in ipairs(call('SMEMBERS', STANDS .. id)) do call('HDEL', PIPELINE .. pipeline, id) end
  if job.state == 'dead' then call('ZREM', DEAD, id) end
  call('UNLINK', JOB .. id, SPEC .. id, REASON .. id, STEPS .. id, RESULT .. id, STANDS .. id, BUNDLE .. id)
  count(job.state, nil)
  local outbox = OUTBOX .. forge_of(job.repo)
  -- One that is being told keeps its lease: what another job has to say of the same commit is told after it.
  if
    job.status and string.match(call('HGET', STATUSES, job.status) or '', '^%x+') == id
    and tonumber(call('ZSCORE', outbox, job.status)) <= now
  then
    call('HDEL', STATUSES, job.status)
    call('ZREM', outbox, job.status)
  end
  -- History knows a replay by the pipeline; where it goes early, a key stands in for the rest of the day.
  local rest = job.created + ARGV[8] - now
  if rest > 0 then call('SET', DEDUPE .. job.pipeline, job.pipeline, 'PX', math.ceil(rest)) end
end

local excess = math.max(call('ZCARD', DONE) - ARGV[5], tonumber(ARGV[10]))
for i, id in ipairs(call('ZRANGE', DONE, 0, batch - 1)) do
  local old = call('ZSCORE', DONE, id) + ARGV[6] < now
  if i > excess and not old then break end
  forget(id)
end

return call('LRANGE', TRASH, 0, batch - 1)
`,
});
