import { base } from './base.ts';
import { finish } from './finish.ts';
import { dispatch, order, place } from './place.ts';
import { toScript } from './script.ts';

const parts = [base, order, place, dispatch, finish];

/**
 * KEYS  [1] seq
 * ARGV  [1] job  [2] fence  [3] outcome  [4] reason or ''  [5] exit code or ''
 *       [6] most errors  [7] back-off, ms  [8] longest back-off, ms  [9] its result, or ''
 * Returns 'done' | 'dup' (this fence has settled it before) | 'stale' (somebody else has it, or nobody).
 */
export const complete = toScript('complete', {
  kind: 'drain',
  parts,
  body: `
local id, fence, outcome = ARGV[1], ARGV[2], ARGV[3]
local reason, exit = ARGV[4] ~= '' and ARGV[4] or nil, tonumber(ARGV[5])
local job = read(id)
if not job then return 'stale' end
if job.state ~= 'running' or job.fence ~= fence then return job.settled == fence and 'dup' or 'stale' end
job.settled = fence
if ARGV[9] ~= '' then call('SET', RESULT .. id, ARGV[9]) end

if outcome == 'error' and job.cancelling then outcome = 'cancelled' end
if outcome == 'cancelled' then reason = reason or cancelled_by(job) end
if outcome == 'skipped' then reason, exit = reason or 'nothing to run', nil end
if outcome ~= 'error' then
  finish(job, outcome, reason, exit)
  return 'done'
end

reason = reason or 'the agent could not run it'
local errors = (job.errors or 0) + 1
call('HSET', JOB .. id, 'settled', fence, 'errors', errors)
if errors >= tonumber(ARGV[6]) then
  finish(job, 'dead', 'tried ' .. errors .. ' times; the last: ' .. reason)
  return 'done'
end
-- Half of the back-off is chance, so that what failed together does not come back together; the chance is the
-- job's own, so that it can be told beforehand and made again.
local chance = tonumber(string.sub(redis.sha1hex(id .. errors), 1, 8), 16) / 2 ^ 32
local wait = math.min(ARGV[7] * 2 ^ (errors - 1), tonumber(ARGV[8])) * (0.5 + chance / 2)
local due = math.floor(now + wait)
leave(job)
call('HDEL', JOB .. id, 'agent', 'started')
call('HSET', JOB .. id, 'state', 'delayed')
call('ZADD', DELAYED, due, id)
explain(id, reason)
count('running', 'delayed')
emit('delayed', id, { ['until'] = due, reason = reason })
tell(job)
release(job)
return 'done'
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] job  [2] its result as it was  [3] as it becomes
 * Returns 'done' | 'changed'.
 */
export const addToResult = toScript('add-to-result', {
  kind: 'drain',
  parts: [base],
  body: `
if call('GET', RESULT .. ARGV[1]) ~= ARGV[2] then return 'changed' end
call('SET', RESULT .. ARGV[1], ARGV[3])
-- No event tells of it; whoever polls sees by the mark that there is something new.
call('INCR', SEQ)
return 'done'
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] job  [2] by whom
 * Returns 'done' | 'final' | 'unknown'. A running job is only asked: its agent ends it, or `tick` does.
 */
export const cancel = toScript('cancel', {
  kind: 'drain',
  parts,
  body: `
local job = read(ARGV[1])
if not job then return 'unknown' end
if job.finished then return 'final' end
stop(job, ARGV[2])
return 'done'
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] agent  [2] reason  [3] most losses
 * Returns 'done' | 'unknown'.
 */
export const lost = toScript('lost', {
  kind: 'drain',
  parts,
  body: `
local id = call('HGET', AGENTS, ARGV[1])
if not id then return 'unknown' end
lose(read(id), ARGV[2], tonumber(ARGV[3]))
return 'done'
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1…] jobs
 * Returns how many had awaited approval.
 */
export const approve = toScript('approve', {
  kind: 'drain',
  parts,
  body: `
local approved = 0
for _, id in ipairs(ARGV) do
  local job = read(id)
  if job and job.awaits and job.state == 'waiting' then
    approved = approved + 1
    call('HDEL', JOB .. id, 'awaits')
    if call('EXISTS', NEEDS .. id) == 0 then
      dispatch(job)
    else
      local reason = 'waits for what it needs'
      explain(id, reason)
      emit('waiting', id, { reason = reason })
      tell(job)
    end
  end
end
return approved
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] reason  [2…] jobs
 * Returns how many had awaited approval; they are skipped, and who needs them goes on.
 */
export const skip = toScript('skip', {
  kind: 'drain',
  parts,
  body: `
local skipped = 0
for i = 2, #ARGV do
  local job = read(ARGV[i])
  if job and job.awaits and job.state == 'waiting' then
    skipped = skipped + 1
    finish(job, 'skipped', ARGV[1])
  end
end
return skipped
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] job
 * Returns 'done' | 'not-dead'.
 */
export const requeue = toScript('requeue', {
  kind: 'drain',
  parts,
  body: `
local job = read(ARGV[1])
if not job or job.state ~= 'dead' then return 'not-dead' end
leave(job)
call('HDEL', JOB .. job.id, 'losses', 'errors', 'settled')
dispatch(job)
return 'done'
`,
});
