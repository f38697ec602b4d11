import { base } from './base.ts';
import { order } from './place.ts';
import { toScript } from './script.ts';

/**
 * KEYS  [1] seq
 * ARGV  [1] pool  [2] agent  [3] preferred job or ''  [4] sha256 of the claim's token  [5] lease, ms
 * Returns {job, fence, attempt, spec} | false where no job waits.
 *
 * An agent that asks again gets the job that it has, with the new token: the first answer was lost.
 */
export const claim = toScript('claim', {
  kind: 'drain',
  parts: [base, order],
  body: `
local pool, agent, prefer, token, lease = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])

local mine = call('HGET', AGENTS, agent)
if mine then
  local job = read(mine)
  if job.pool ~= pool then return false end
  call('HSET', JOB .. mine, 'token', token)
  call('ZADD', LEASES, now + lease, mine)
  return { mine, tonumber(job.fence), tonumber(job.attempt), call('GET', SPEC .. mine) }
end

local job = prefer ~= '' and read(prefer)
if job and job.state == 'queued' and job.pool == pool then
  pass(pool, call('ZSCORE', READY .. pool, member(job)), job.repo)
  call('ZREM', READY .. pool, member(job))
else
  local first = call('ZPOPMIN', READY .. pool)
  if not first[1] then return false end
  job = read(string.sub(first[1], 11))
  pass(pool, first[2], job.repo)
end

local id, fence, attempt = job.id, (job.fence or 0) + 1, (job.attempt or 0) + 1
call('XDEL', TICKETS .. pool, job.ticket)
call('HSET', JOB .. id, 'state', 'running', 'ticket', '', 'agent', agent, 'token', token, 'started', stamp,
  'fence', fence, 'ran', fence, 'attempt', attempt)
if attempt > 1 then call('DEL', STEPS .. id, RESULT .. id) end
call('HSET', AGENTS, agent, id)
call('ZADD', LEASES, now + lease, id)
-- The agent keeps the limit itself; this is for one that does not, a lease later. Where the clock went back and
-- no tick has seen it yet, the date is by the clock before: that tick will move it, with all others.
local today = math.max(now, tonumber(call('HGET', TICK, 'at') or 0))
call('ZADD', DEADLINES, today + job.limit + lease, id)
count('queued', 'running')
emit('claimed', id, { agent = agent, attempt = attempt, fence = fence })
tell(job)
return { id, fence, attempt, call('GET', SPEC .. id) }
`,
});
