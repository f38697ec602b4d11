import { base } from './base.ts';
import { toScript } from './script.ts';

/**
 * KEYS  [1] seq
 * ARGV  [1] job  [2] sha256 of a token  [3] how long it is good after its own `complete`, ms, or 0
 * Returns the fence that the token holds | false.
 */
export const authenticate = toScript('authenticate', {
  kind: 'look',
  parts: [base],
  body: `
local job = call('HMGET', JOB .. ARGV[1], 'state', 'token', 'fence', 'settled', 'finished')
local state, token, fence, settled, finished = unpack(job)
if not token or token ~= ARGV[2] then return false end
if state == 'running' then return tonumber(fence) end
if ARGV[3] ~= '0' and settled == fence and (not finished or finished + ARGV[3] > now) then return tonumber(fence) end
return false
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] job  [2] fence  [3] lease, ms
 * Returns 'ok' | 'cancel' | 'lost'.
 */
export const heartbeat = toScript('heartbeat', {
  kind: 'drain',
  parts: [base],
  body: `
local job = call('HMGET', JOB .. ARGV[1], 'state', 'fence', 'cancelling')
if job[1] ~= 'running' or job[2] ~= ARGV[2] then return 'lost' end
call('ZADD', LEASES, now + ARGV[3], ARGV[1])
return job[3] and 'cancel' or 'ok'
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] job  [2] fence  [3] step  [4] state  [5] exit code or ''  [6] most steps
 * Returns 'done' | 'stale'. A step only goes forward, so a late repeat changes nothing.
 */
export const step = toScript('step', {
  kind: 'drain',
  parts: [base],
  body: `
local id, name, state, exit = ARGV[1], ARGV[3], ARGV[4], ARGV[5]
local job = call('HMGET', JOB .. id, 'state', 'fence')
if job[1] ~= 'running' or job[2] ~= ARGV[2] then return 'stale' end
local function rank(state)
  return state == 'pending' and 1 or state == 'running' and 2 or 3
end
-- place state started finished exit
local before = call('HGET', STEPS .. id, name)
local place, old, started, finished
if before then
  place, old, started = string.match(before, '^(%d+) (%a+) (%d*)')
  if rank(state) <= rank(old) then return 'done' end
else
  place, started = call('HLEN', STEPS .. id), ''
  if place >= tonumber(ARGV[6]) then return 'done' end
end
if state == 'running' then started = stamp end
finished = rank(state) == 3 and stamp or ''
call('HSET', STEPS .. id, name, table.concat({ place, state, started, finished, exit }, ' '))
emit('step', id, {
  fence = tonumber(job[2]),
  step = {
    name = name, state = state, exitCode = tonumber(exit),
    startedAt = tonumber(started), finishedAt = tonumber(finished),
  },
})
return 'done'
`,
});
