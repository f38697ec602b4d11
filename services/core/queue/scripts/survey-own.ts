import { base } from './base.ts';
import { rows } from './look.ts';
import { order } from './place.ts';
import { toScript } from './script.ts';

/*
 * The survey of some repositories, for who may not know of others: numbers are those of their own jobs, and no job
 * has a place, since that would count the others before it.
 */

/** Lua: the unfinished jobs of the repositories in ARGV from some place on. */
const unfinished = `
-- Among the newest of each repository: an unfinished job is seldom old, and nobody waits for a look through all.
local function each_unfinished(from, look_through, act)
  for i = from, #ARGV do
    local left = tonumber(call('HGET', UNFINISHED, 'repo ' .. ARGV[i]) or 0)
    local ids = left > 0 and call('ZREVRANGE', REPO .. ARGV[i], 0, look_through - 1) or {}
    for _, id in ipairs(ids) do
      if left == 0 then break end
      local job = call('HMGET', JOB .. id, 'finished', 'state', 'pool', 'class', 'queued', 'turn')
      if not job[1] then
        left = left - 1
        act({ id = id, state = job[2], pool = job[3], class = tonumber(job[4]), queued = job[5], turn = job[6] })
      end
    end
  end
end
`;

/**
 * KEYS  [1] seq
 * ARGV  [1] most  [2] how many jobs of each to look through  [3…] repositories
 * Returns as `agents`.
 */
export const ownAgents = toScript('own-agents', {
  kind: 'look',
  parts: [unfinished],
  body: `
local running = {}
each_unfinished(3, tonumber(ARGV[2]), function(job)
  local ends = job.state == 'running' and call('ZSCORE', LEASES, job.id)
  if ends then running[#running + 1] = { job.id, ends } end
end)
table.sort(running, function(a, b) return tonumber(a[2]) < tonumber(b[2]) end)
local answer = { #running }
for i = 1, math.min(#running, tonumber(ARGV[1])) do
  local job = call('HMGET', JOB .. running[i][1], 'agent', 'pool', 'repo', 'started', 'attempt')
  answer[i + 1] = { running[i][1], running[i][2], unpack(job) }
end
return answer
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] how many jobs of each to look through  [2…] repositories
 * Returns as `pools`, those in which they have a job.
 */
export const ownPools = toScript('own-pools', {
  kind: 'look',
  parts: [unfinished],
  body: `
local pools, names = {}, {}
each_unfinished(2, tonumber(ARGV[1]), function(job)
  if job.state ~= 'queued' and job.state ~= 'running' then return end
  local pool = pools[job.pool]
  if not pool then
    pool = { job.pool, 0, 0, '' }
    pools[job.pool] = pool
    names[#names + 1] = job.pool
  end
  if job.state == 'running' then
    pool[3] = pool[3] + 1
  else
    pool[2] = pool[2] + 1
    if pool[4] == '' or tonumber(job.queued) < tonumber(pool[4]) then pool[4] = job.queued end
  end
end)
table.sort(names)
local answer = {}
for i, name in ipairs(names) do answer[i] = pools[name] end
return answer
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] pool or ''  [2] most of each pool, and of those that cannot be claimed  [3] how many jobs of each to
 *       look through  [4…] repositories
 * Returns as `line`; every place is 0.
 */
export const ownLine = toScript('own-line', {
  kind: 'look',
  parts: [base, order, rows, unfinished],
  body: `
local only, most = ARGV[1], tonumber(ARGV[2])
local places = { queued = 1, blocked = 2, waiting = 3, delayed = 4 }
local counts, queued, others = { 0, 0, 0, 0 }, {}, {}
each_unfinished(4, tonumber(ARGV[3]), function(job)
  local place = places[job.state]
  if not place then return end
  counts[place] = counts[place] + 1
  if only ~= '' and only ~= job.pool then return end
  if place == 1 then
    job.member = member(job)
    job.score = tonumber(call('ZSCORE', READY .. job.pool, job.member))
    queued[#queued + 1] = job
  else
    others[#others + 1] = job
  end
end)
table.sort(queued, function(a, b)
  if a.pool ~= b.pool then return a.pool < b.pool end
  if a.score ~= b.score then return a.score < b.score end
  return a.member < b.member
end)
for _, job in ipairs(others) do job.seq = sequence(job) end
table.sort(others, function(a, b) return a.seq > b.seq end)

local answer, of_pool = { counts }, {}
for _, job in ipairs(queued) do
  of_pool[job.pool] = (of_pool[job.pool] or 0) + 1
  if of_pool[job.pool] <= most then
    answer[#answer + 1] = { row(job.id), 0, math.floor(job.score / CLASS) }
  end
end
for i = 1, math.min(#others, most) do
  local job = others[i]
  answer[#answer + 1] = { row(job.id), 0, job.class, unpack(call('HVALS', NEEDS .. job.id)) }
end
return answer
`,
});
