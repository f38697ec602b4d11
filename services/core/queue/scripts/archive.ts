import { base } from './base.ts';
import { toScript } from './script.ts';

/**
 * KEYS  [1] seq
 * ARGV  [1] who asks  [2] how long it then has, ms  [3] how long a job has ended, ms
 * Returns {job, how often it ran} | false where there is none, or somebody else archives.
 */
export const nextUnarchived = toScript('nextUnarchived', {
  kind: 'drain',
  parts: [base],
  body: `
local holder = call('GET', ARCHIVER)
if holder and holder ~= ARGV[1] then return false end
call('SET', ARCHIVER, ARGV[1], 'PX', ARGV[2])
local id = call('ZRANGE', UNARCHIVED, '-inf', now - ARGV[3], 'BYSCORE', 'LIMIT', 0, 1)[1]
return id and { id, tonumber(call('HGET', JOB .. id, 'ran') or 0) }
`,
});

/**
 * KEYS  [1] the log  [2] its meta hash
 * ARGV  [1] chunks that were archived  [2] where they stand
 * Returns 1, or 0 where the log has more chunks than that: nothing is lost, it has to be archived again.
 */
export const seal = toScript('seal', {
  kind: 'drain',
  body: `
if call('HGET', KEYS[2], 'have') ~= ARGV[1] then return 0 end
call('HSET', KEYS[2], 'archived', ARGV[2])
call('PERSIST', KEYS[2])
call('UNLINK', KEYS[1])
return 1
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] job  [2] how often it ran, when it was archived
 * One that runs again meanwhile is archived again when it has ended.
 */
export const noteArchived = toScript('noteArchived', {
  kind: 'drain',
  parts: [base],
  body: `
if call('HGET', JOB .. ARGV[1], 'ran') ~= ARGV[2] then return 0 end
if call('ZREM', UNARCHIVED, ARGV[1]) == 1 then call('ZADD', ARCHIVED, now, ARGV[1]) end
return 1
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] job  [2] ms
 */
export const deferArchive = toScript('deferArchive', {
  kind: 'drain',
  parts: [base],
  body: `
call('ZADD', UNARCHIVED, 'XX', now + ARGV[2], ARGV[1])
return 1
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] age, ms  [2] most
 * Returns how many jobs have lost their archived logs to their age; the jobs stay.
 */
export const expireArchived = toScript('expireArchived', {
  kind: 'drain',
  parts: [base],
  body: `
local old = call('ZRANGE', ARCHIVED, '-inf', now - ARGV[1], 'BYSCORE', 'LIMIT', 0, ARGV[2])
for _, id in ipairs(old) do
  for fence = 1, tonumber(call('HGET', JOB .. id, 'ran') or 0) do
    call('RPUSH', TRASH, id .. ' ' .. fence)
    call('RPUSH', DISCARDED, id .. ' ' .. fence)
  end
  -- Known as archived for as long as the job is, and never old again.
  call('ZADD', ARCHIVED, 'inf', id)
end
return #old
`,
});
