import { base } from './base.ts';
import { rows } from './look.ts';
import { order } from './place.ts';
import { toScript } from './script.ts';

/**
 * KEYS  [1] seq
 * Returns text that changes whenever a job does, or what is told of it when it has ended, or comes, or is forgotten.
 */
export const mark = toScript('mark', {
  kind: 'look',
  parts: [rows],
  body: `return last_event() .. '.' .. call('ZCARD', INDEX) .. '.' .. (call('GET', SEQ) or 0)`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] most
 * Returns {how many run, {job, end of its lease, agent, pool, repository, started, attempt}, …}: whose lease
 *       ends first comes first.
 */
export const agents = toScript('agents', {
  kind: 'look',
  body: `
local found, answer = call('ZRANGE', LEASES, 0, ARGV[1] - 1, 'WITHSCORES'), { call('ZCARD', LEASES) }
for i = 1, #found, 2 do
  local job = call('HMGET', JOB .. found[i], 'agent', 'pool', 'repo', 'started', 'attempt')
  answer[#answer + 1] = { found[i], found[i + 1], unpack(job) }
end
return answer
`,
});

/**
 * KEYS  [1] seq
 * Returns {pool, queued, running, since when the oldest waits or ''}, …: tickets stand in the order of queueing.
 */
export const pools = toScript('pools', {
  kind: 'look',
  body: `
local running, answer = {}, {}
for _, id in ipairs(call('ZRANGE', LEASES, 0, -1)) do
  local pool = call('HGET', JOB .. id, 'pool')
  running[pool] = (running[pool] or 0) + 1
end
local names = call('SMEMBERS', POOLS)
table.sort(names)
for i, pool in ipairs(names) do
  local first = call('XRANGE', TICKETS .. pool, '-', '+', 'COUNT', 1)[1]
  local oldest = first and call('HGET', JOB .. first[2][2], 'queued') or ''
  answer[i] = { pool, call('ZCARD', READY .. pool), running[pool] or 0, oldest }
end
return answer
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] pool or ''  [2] most of each pool, and of those that cannot be claimed  [3] how many jobs to look
 *       through for these
 * Returns {{queued, blocked, waiting, delayed}, {row, place, class}, …, {row, 0, class, need, …}, …}.
 */
export const line = toScript('line', {
  kind: 'look',
  parts: [base, order, rows],
  body: `
local only, most = ARGV[1], tonumber(ARGV[2])
local counts = { 0, tonumber(call('HGET', COUNTS, 'blocked') or 0), tonumber(call('HGET', COUNTS, 'waiting') or 0),
  call('ZCARD', DELAYED) }
local answer, names = { counts }, call('SMEMBERS', POOLS)
table.sort(names)
for _, pool in ipairs(names) do
  counts[1] = counts[1] + call('ZCARD', READY .. pool)
  local found = (only == '' or only == pool) and call('ZRANGE', READY .. pool, 0, most - 1, 'WITHSCORES') or {}
  for i = 1, #found, 2 do
    local class = math.floor(found[i + 1] / CLASS)
    answer[#answer + 1] = { row(string.sub(found[i], 11)), (i + 1) / 2, class }
  end
end

local left = counts[2] + counts[3] + counts[4]
local waits = { blocked = true, waiting = true, delayed = true }
local found = left > 0 and call('ZRANGE', INDEX, '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, ARGV[3]) or {}
for _, id in ipairs(found) do
  if left == 0 or most == 0 then break end
  local job = call('HMGET', JOB .. id, 'state', 'pool', 'class')
  if waits[job[1]] then
    left = left - 1
    if only == '' or only == job[2] then
      most = most - 1
      answer[#answer + 1] = { row(id), 0, tonumber(job[3]), unpack(call('HVALS', NEEDS .. id)) }
    end
  end
end
return answer
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] pipeline
 * Returns {event, {place, row, need, …}, …}: in no order.
 */
export const pipeline = toScript('pipeline', {
  kind: 'look',
  parts: [rows],
  body: `
local places, answer = call('HGETALL', PIPELINE .. ARGV[1]), { last_event() }
for i = 1, #places, 2 do
  answer[#answer + 1] = { places[i + 1], row(places[i]), unpack(call('HVALS', NEEDS .. places[i])) }
end
return answer
`,
});
