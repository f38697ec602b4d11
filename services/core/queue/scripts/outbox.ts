import { base } from './base.ts';
import { rows } from './look.ts';
import { toScript } from './script.ts';

/** Lua: where a status is to be told; nil where it is not. */
export const outboxes = `
local function outbox_of(status)
  for _, forge in ipairs({ 'gitea', 'github' }) do
    if call('ZSCORE', OUTBOX .. forge, status) then return forge end
  end
end
`;

/**
 * KEYS  [1] seq
 * ARGV  [1] forge  [2] lease, ms
 * Returns {status, leased until, failed tries, {job, hash, spec, reason}} | false where nothing is due.
 *
 * Until its lease is over nobody else gets it, so of one status no two requests are under way. History may have taken
 * its job out meanwhile.
 */
export const take = toScript('outbox-take', {
  kind: 'drain',
  parts: [base, rows],
  body: `
if now < tonumber(call('HGET', QUIET, ARGV[1]) or 0) then return false end
local key, till = OUTBOX .. ARGV[1], now + ARGV[2]
while true do
  local status = call('ZRANGE', key, '-inf', now, 'BYSCORE', 'LIMIT', 0, 1)[1]
  if not status then return false end
  local id, tries = string.match(call('HGET', STATUSES, status), '^(%x+) ?(%d*)')
  if call('EXISTS', JOB .. id) == 1 then
    call('ZADD', key, till, status)
    return { status, whole(till), tonumber(tries) or 0, row(id) }
  end
  call('ZREM', key, status)
  call('HDEL', STATUSES, status)
end
`,
});

const held = `
-- ARGV [1] forge  [2] status  [3] leased until
local key, status = OUTBOX .. ARGV[1], ARGV[2]
local entry = call('HGET', STATUSES, status)
local id, tries = string.match(entry or '', '^(%x+) ?(%d*)')
local mine = tonumber(call('ZSCORE', key, status) or 0) == tonumber(ARGV[3])
`;

/**
 * KEYS  [1] seq
 * ARGV  [1] forge  [2] status  [3] leased until  [4] job  [5] its state, [6] fence and [7] reason or '', as told
 *       [8] what cannot be told, for people, or ''  [9] how many of these are kept
 * Returns 'done' | 'again': something newer is to be told, or another may have told something older after us
 *       | 'gone': the job is no longer in the history, or another has told it.
 */
export const settle = toScript('outbox-settle', {
  kind: 'drain',
  parts: [base, held],
  body: `
if not entry then return 'gone' end
local job = call('HMGET', JOB .. id, 'state', 'fence')
local same = id == ARGV[4] and job[1] == ARGV[5] and (job[2] or '0') == ARGV[6]
  and (call('GET', REASON .. id) or '') == ARGV[7]
if job[1] and not (mine and same) then
  call('ZADD', key, now, status)
  return 'again'
end
call('ZREM', key, status)
call('HDEL', STATUSES, status)
if not job[1] then return 'gone' end
if ARGV[8] ~= '' then
  call('LPUSH', UNTOLD, ARGV[8])
  call('LTRIM', UNTOLD, 0, ARGV[9] - 1)
end
return 'done'
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] forge  [2] status  [3] leased until  [4] job  [5] try again after, ms  [6] tell the forge nothing for, ms
 */
export const postpone = toScript('outbox-postpone', {
  kind: 'drain',
  parts: [base, held],
  body: `
if tonumber(ARGV[6]) > 0 then call('HSET', QUIET, ARGV[1], whole(now + ARGV[6])) end
if not mine then return end
call('ZADD', key, now + ARGV[5], status)
-- A newer state, or another job, begins with no failed tries.
if id == ARGV[4] then call('HSET', STATUSES, status, id .. ' ' .. whole((tonumber(tries) or 0) + 1)) end
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1…] forges
 * Returns {{statuses, how long the longest one waits, ms, how long the forge is told nothing, ms}, …}.
 */
export const lag = toScript('outbox-lag', {
  kind: 'look',
  parts: [base],
  body: `
local all = {}
for i, forge in ipairs(ARGV) do
  local first = call('ZRANGE', OUTBOX .. forge, 0, 0, 'WITHSCORES')
  local quiet = tonumber(call('HGET', QUIET, forge) or 0)
  all[i] = { call('ZCARD', OUTBOX .. forge), math.max(0, now - (first[2] or now)), math.max(0, quiet - now) }
end
return all
`,
});
