import { base } from './base.ts';
import { toScript } from './script.ts';

/** Lua: jobs as rows, and the event that they are as new as. */
export const rows = `
local function last_event()
  local last = call('XREVRANGE', EVENTS, '+', '-', 'COUNT', 1)[1]
  return last and last[1] or '0-0'
end

local function row(id)
  return { id, call('HGETALL', JOB .. id), call('GET', SPEC .. id), call('GET', REASON .. id) }
end
`;

/**
 * KEYS  [1] seq
 * ARGV  [1] job
 * Returns {event, {job, hash, spec, reason}, steps, result or false} | false: a job and the event that it is as new as.
 */
export const look = toScript('look', {
  kind: 'look',
  parts: [base, rows],
  body: `
if call('EXISTS', JOB .. ARGV[1]) == 0 then return false end
return { last_event(), row(ARGV[1]), call('HGETALL', STEPS .. ARGV[1]), call('GET', RESULT .. ARGV[1]) }
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] repository or ''  [2] sequence to start below, or '+inf'  [3] most rows  [4] states, each between spaces, or ''
 *       [5] pool or ''  [6] how many jobs to look through
 * Returns {event, {row, …}, {sequence of each row, …}, the sequence to go on below or ''}.
 */
export const page = toScript('page', {
  kind: 'look',
  parts: [base, rows],
  body: `
local key = ARGV[1] == '' and INDEX or REPO .. ARGV[1]
local below = ARGV[2] == '+inf' and ARGV[2] or '(' .. ARGV[2]
local most, states, pool, budget = tonumber(ARGV[3]), ARGV[4], ARGV[5], tonumber(ARGV[6])
local found = call('ZRANGE', key, below, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, budget, 'WITHSCORES')
local taken, sequences, on = {}, {}, ''
for i = 1, #found, 2 do
  local id, sequence = found[i], found[i + 1]
  local job = call('HMGET', JOB .. id, 'state', 'pool')
  if (states == '' or string.find(states, ' ' .. job[1] .. ' ', 1, true)) and (pool == '' or job[2] == pool) then
    taken[#taken + 1] = row(id)
    sequences[#sequences + 1] = sequence
  end
  if #taken == most or i + 1 == 2 * budget then
    on = sequence
    break
  end
end
return { last_event(), taken, sequences, on }
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] time to start below, or '+inf'  [2] how many of that very time were seen  [3] most rows
 * Returns {event, {row, …}, {time of each row, …}}: jobs that were given up, the last one first.
 */
export const deadLetters = toScript('dead-letters', {
  kind: 'look',
  parts: [base, rows],
  body: `
local found = call('ZRANGE', DEAD, ARGV[1], '-inf', 'BYSCORE', 'REV', 'LIMIT', ARGV[2], ARGV[3], 'WITHSCORES')
local taken, times = {}, {}
for i = 1, #found, 2 do
  taken[#taken + 1] = row(found[i])
  times[#times + 1] = found[i + 1]
end
return { last_event(), taken, times }
`,
});

/**
 * KEYS  [1] seq
 * Returns state, jobs, state, jobs, …: as text.
 */
export const tally = toScript('tally', {
  kind: 'look',
  body: `
local counts, queued = call('HGETALL', COUNTS), 0
for _, pool in ipairs(call('SMEMBERS', POOLS)) do queued = queued + call('ZCARD', READY .. pool) end
for state, jobs in pairs({
  queued = queued,
  running = call('ZCARD', LEASES),
  delayed = call('ZCARD', DELAYED),
}) do
  counts[#counts + 1] = state
  counts[#counts + 1] = tostring(jobs)
end
return counts
`,
});
