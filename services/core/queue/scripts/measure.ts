import { base } from './base.ts';
import { toScript } from './script.ts';

/**
 * Adds up what the events say, each event once: where it has come to moves on in the same call, so it does not
 * matter which replica asks, how often, or when one dies. Behind the backs of enqueue, claim and complete,
 * which it costs nothing.
 *
 * KEYS  [1] seq
 * ARGV  [1] most events at once  [2] most repositories, and pools, with a name of their own
 *       [3] JSON: upper bounds of the times that jobs ran, ms  [4] the same of the times that they waited
 * Returns how many events were added.
 *
 * Fields: `jobs <repository> <outcome>`, `ran <repository> <bucket>`, `waited <pool> <bucket>`: counts, where a
 * bucket is the first bound that holds it, by its place; `… sum`: milliseconds; `name repo|pool <name>`: it has
 * one; `names repo|pool`: how many have.
 */
export const measure = toScript('measure', {
  kind: 'drain',
  parts: [base],
  body: `
local most = tonumber(ARGV[2])
local bounds = { ran = cjson.decode(ARGV[3]), waited = cjson.decode(ARGV[4]) }
local at = call('HGET', TOTALS, 'at')
if not at then
  local last = call('XREVRANGE', EVENTS, '+', '-', 'COUNT', 1)[1]
  call('HSET', TOTALS, 'at', last and last[1] or '0-0')
  return 0
end

-- Whoever can make names cannot make figures without end.
local function label(kind, name)
  if not name then return 'other' end
  if call('HEXISTS', TOTALS, 'name ' .. kind .. ' ' .. name) == 1 then return name end
  if tonumber(call('HGET', TOTALS, 'names ' .. kind) or 0) >= most then return 'other' end
  call('HINCRBY', TOTALS, 'names ' .. kind, 1)
  call('HSET', TOTALS, 'name ' .. kind .. ' ' .. name, 1)
  return name
end

local function observe(what, name, ms)
  local bucket = 1
  while bounds[what][bucket] and ms > bounds[what][bucket] do bucket = bucket + 1 end
  call('HINCRBY', TOTALS, what .. ' ' .. name .. ' ' .. bucket, 1)
  call('HINCRBY', TOTALS, what .. ' ' .. name .. ' sum', ms)
end

local entries = call('XRANGE', EVENTS, '(' .. at, '+', 'COUNT', ARGV[1])
for _, entry in ipairs(entries) do
  local kind, id, time, rest = string.match(entry[2][2], '^(%S+) (%x+) (%d+) ?(.*)')
  if kind == 'claimed' then
    local job = call('HMGET', JOB .. id, 'pool', 'queued')
    local waited = tonumber(time) - tonumber(job[2] or time)
    -- Lost and queued again since: how long it waited that time is not known any more.
    if job[1] and waited >= 0 then observe('waited', label('pool', job[1]), waited) end
  elseif kind == 'finished' or kind == 'skipped' or kind == 'dead' then
    local job = call('HMGET', JOB .. id, 'repo', 'started')
    local name = label('repo', job[1])
    local outcome = kind == 'finished' and cjson.decode(rest).state or kind
    call('HINCRBY', TOTALS, 'jobs ' .. name .. ' ' .. outcome, 1)
    local ran = tonumber(time) - tonumber(job[2] or time + 1)
    if ran >= 0 then observe('ran', name, ran) end
  end
end
if #entries > 0 then call('HSET', TOTALS, 'at', entries[#entries][1]) end
return #entries
`,
});

/**
 * KEYS  [1] seq
 * Returns {{pool, queued jobs, how long the oldest waits, ms}, …}.
 */
export const depths = toScript('depths', {
  kind: 'look',
  parts: [base],
  body: `
local all = {}
for i, pool in ipairs(call('SMEMBERS', POOLS)) do
  -- A ticket's id is the time at which its job became ready.
  local first = call('XRANGE', TICKETS .. pool, '-', '+', 'COUNT', 1)[1]
  local since = first and tonumber(string.match(first[1], '^%d+')) or now
  all[i] = { pool, call('ZCARD', READY .. pool), math.max(0, now - since) }
end
return all
`,
});
