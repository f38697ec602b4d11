/**
 * Each step of a device's sign-in is one atomic script, so that no code is confirmed twice and no token
 * given twice, whichever replica is asked. A record outlives its end by five minutes, so that its terminal
 * learns that it was too late.
 *
 *   pending ──person──▶ approved ──poll──▶ gone
 *      └─────person──▶ refused ──poll──▶ gone
 */

/**
 * KEYS  [1] the device's record  [2] its user code  [3] the list of those that wait
 * ARGV  [1] request  [2] hash of the device code  [3] now  [4] how long it waits, ms  [5] interval, ms
 *       [6] most that wait
 * Returns done | taken | full.
 */
export const startScript = `
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[3])
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[6]) then return 'full' end
if redis.call('EXISTS', KEYS[2]) == 1 then return 'taken' end
local ends = ARGV[3] + ARGV[4]
redis.call('HSET', KEYS[1], 'request', ARGV[1], 'state', 'pending', 'ends', ends, 'interval', ARGV[5], 'next', 0)
redis.call('PEXPIREAT', KEYS[1], ends + 300000)
redis.call('SET', KEYS[2], ARGV[2], 'PXAT', ends)
redis.call('ZADD', KEYS[3], ends, ARGV[2])
return 'done'
`;

/**
 * KEYS  [1] the device's record  [2] its user code
 * ARGV  [1] the person that it may act as, or ''  [2] now
 * Returns done | gone.
 */
export const approveScript = `
redis.call('DEL', KEYS[2])
local state, ends = unpack(redis.call('HMGET', KEYS[1], 'state', 'ends'))
if state ~= 'pending' or tonumber(ARGV[2]) >= tonumber(ends) then return 'gone' end
redis.call('HSET', KEYS[1], 'state', ARGV[1] == '' and 'refused' or 'approved', 'person', ARGV[1])
return 'done'
`;

/**
 * KEYS  [1] the device's record
 * ARGV  [1] now
 * Returns an error of RFC 8628, 3.5, or the person, once. Whoever asks too often waits 5 s longer from then on.
 */
export const pollScript = `
local state, ends, interval, next, person =
  unpack(redis.call('HMGET', KEYS[1], 'state', 'ends', 'interval', 'next', 'person'))
if not state then return 'invalid_grant' end
local now = tonumber(ARGV[1])
if now >= tonumber(ends) then return 'expired_token' end
local early = now < tonumber(next)
if early then interval = interval + 5000 end
-- Clocks and networks are not exact: who waits the interval is never early.
redis.call('HSET', KEYS[1], 'interval', interval, 'next', now + interval - 1000)
if early then return 'slow_down' end
if state == 'pending' then return 'authorization_pending' end
redis.call('DEL', KEYS[1])
if state == 'refused' then return 'access_denied' end
return person
`;
