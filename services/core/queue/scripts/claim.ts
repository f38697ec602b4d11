import { base } from './base.ts';
import { place } from './place.ts';
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
  parts: [base, place],
  body: `
local pool, agent, prefer, token, lease = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])

local mine = redis.call('HGET', AGENTS, agent)
if mine then
  local job = read(mine)
  if job.pool ~= pool then return false end
  redis.call('HSET', JOB .. mine, 'token', token)
  redis.call('ZADD', LEASES, now + lease, mine)
  return { mine, tonumber(job.fence), tonumber(job.attempt), redis.call('GET', SPEC .. mine) }
end

local job = prefer ~= '' and read(prefer)
if job and job.state == 'queued' and job.pool == pool then
  redis.call('ZREM', READY .. pool, member(job))
else
  local first = redis.call('ZPOPMIN', READY .. pool)[1]
  if not first then return false end
  job = read(string.sub(first, 11))
end

local id, fence, attempt = job.id, (job.fence or 0) + 1, (job.attempt or 0) + 1
redis.call('XDEL', TICKETS .. pool, job.ticket)
redis.call('HDEL', JOB .. id, 'ticket')
redis.call('HSET', JOB .. id, 'state', 'running', 'agent', agent, 'token', token, 'started', stamp,
  'fence', fence, 'ran', fence, 'attempt', attempt)
if attempt > 1 then redis.call('DEL', STEPS .. id) end
redis.call('HSET', AGENTS, agent, id)
redis.call('ZADD', LEASES, now + lease, id)
-- The agent keeps the limit itself; this is for one that does not, a lease later.
redis.call('ZADD', DEADLINES, now + job.limit + lease, id)
count('queued', 'running')
emit('claimed', id, { agent = agent, attempt = attempt, fence = fence })
return { id, fence, attempt, redis.call('GET', SPEC .. id) }
`,
});
