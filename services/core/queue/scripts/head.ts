import { toScript } from './script.ts';

/**
 * KEYS  [1] seq
 * ARGV  [1] repository  [2] ref  [3] how many removed refs are remembered  [4] what was heard, or ''
 *       [5] how long that is remembered, ms
 * A ref is gone: the same commit pushed to it again is a new event, so its epoch rises. Where no head is known
 * nothing was built since the last time, and to hear of it once more changes nothing.
 */
export const removeHead = toScript('remove-head', {
  kind: 'admit',
  body: `
if ARGV[4] ~= '' and not call('SET', DEDUPE .. ARGV[4], '', 'NX', 'PX', ARGV[5]) then return end
if call('HDEL', HEAD .. ARGV[1], ARGV[2]) == 0 then return end
call('ZADD', EPOCHS .. ARGV[1], call('INCR', EPOCH), ARGV[2])
local branch = string.match(ARGV[2], '^refs/heads/(.+)$')
if branch then call('HDEL', LATEST .. ARGV[1], branch) end
call('ZREMRANGEBYRANK', EPOCHS .. ARGV[1], 0, -1 - ARGV[3])
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] repository  [2] ref  [3] sha  [4] what was heard, or ''  [5] how long that is remembered, ms
 */
export const noteHead = toScript('note-head', {
  kind: 'admit',
  body: `
if ARGV[4] ~= '' and not call('SET', DEDUPE .. ARGV[4], '', 'NX', 'PX', ARGV[5]) then return end
call('HSET', HEAD .. ARGV[1], ARGV[2], ARGV[3])
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] repository  [2] event that moved no ref  [3] how many are remembered
 */
export const noteTold = toScript('note-told', {
  kind: 'admit',
  body: `
local time = call('TIME')
call('ZADD', TOLD .. ARGV[1], time[1] .. string.format('%06d', time[2]), ARGV[2])
call('ZREMRANGEBYRANK', TOLD .. ARGV[1], 0, -1 - ARGV[3])
`,
});

/**
 * KEYS  [1] hooks
 * ARGV  [1] repository  [2] a new hook's name, if it has none  [3] secret
 * Returns the hook. The secret before stays good beside the new one.
 */
export const renewHook = toScript('renew-hook', {
  kind: 'admit',
  body: `
local hook = call('HGET', HOOKED, ARGV[1]) or ARGV[2]
local before = call('HGET', HOOKS, hook)
local secrets = { ARGV[3] }
if before then secrets[2] = cjson.decode(before).secrets[1] end
call('HSET', HOOKED, ARGV[1], hook)
call('HSET', HOOKS, hook, cjson.encode({ repository = ARGV[1], secrets = secrets }))
return hook
`,
});

/**
 * KEYS  [1] hooks
 * ARGV  [1] repository
 * Returns 1 if there was one. Its heads stay, so that registering it again starts nothing old.
 */
export const removeRepository = toScript('remove-repository', {
  kind: 'drain',
  body: `
local hook = call('HGET', HOOKED, ARGV[1])
if hook then call('HDEL', HOOKS, hook) end
call('HDEL', HOOKED, ARGV[1])
call('HDEL', DESCRIBED, ARGV[1])
call('HDEL', WATCHED, ARGV[1])
return call('HDEL', REPOSITORIES, ARGV[1])
`,
});
