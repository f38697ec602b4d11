/** Scripts of the audit chain (audit-chain.ts). A record is appended only to the head that it was hashed for. */

/**
 * KEYS  [1] chain  [2] records
 * ARGV  [1] how many records are kept
 * Returns head's n and hash, anchor's n and hash, the time in milliseconds, and, when the log has grown
 * well over what is kept, the number and the hash of the last record to let go of.
 */
export const lookScript = `#!lua flags=no-writes
local chain = redis.call('HMGET', KEYS[1], 'n', 'hash', 'anchor', 'anchorHash')
local time = redis.call('TIME')
local answer = { chain[1] or '0', chain[2] or '', chain[3] or '0', chain[4] or '', time[1] * 1000 + math.floor(time[2] / 1000) }
local keep = tonumber(ARGV[1])
if redis.call('XLEN', KEYS[2]) >= keep + math.max(1, math.floor(keep / 8)) then
  local last = tonumber(answer[1]) - keep
  local entry = redis.call('XRANGE', KEYS[2], last .. '-0', last .. '-0')[1]
  if entry then
    answer[6] = last
    answer[7] = entry[2][4]
  end
end
return answer
`;

/**
 * KEYS  [1] chain  [2] records  [3] refusals
 * ARGV  [1] head's n  [2] head's hash  [3] anchor's n or 0  [4] anchor's hash
 *       [5] how many records, then a text and a hash for each
 *       then a refusal and its count for each that these records tell
 * Returns 1, or 0 where the head is another by now and nothing was written.
 * Runs without memory left: what ends work must be told too, and the log has a bound.
 */
export const appendScript = `#!lua flags=allow-oom
local n = tonumber(redis.call('HGET', KEYS[1], 'n') or '0')
local hash = redis.call('HGET', KEYS[1], 'hash') or ''
if n ~= tonumber(ARGV[1]) or hash ~= ARGV[2] then return 0 end
local last = 5 + 2 * tonumber(ARGV[5])
for i = 6, last, 2 do
  n = n + 1
  redis.call('XADD', KEYS[2], n .. '-0', 'text', ARGV[i], 'hash', ARGV[i + 1])
end
redis.call('HSET', KEYS[1], 'n', n, 'hash', ARGV[last])
if ARGV[3] ~= '0' then
  redis.call('XTRIM', KEYS[2], 'MINID', (tonumber(ARGV[3]) + 1) .. '-0')
  redis.call('HSET', KEYS[1], 'anchor', ARGV[3], 'anchorHash', ARGV[4])
end
for i = last + 1, #ARGV, 2 do
  if redis.call('HINCRBY', KEYS[3], ARGV[i], -ARGV[i + 1]) <= 0 then redis.call('HDEL', KEYS[3], ARGV[i]) end
end
return 1
`;

/**
 * KEYS  [1] refusals
 * ARGV  [1] the refusal  [2] how many different ones are held  [3] what the others are counted as
 */
export const refuseScript = `#!lua
local field = ARGV[1]
if redis.call('HEXISTS', KEYS[1], field) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[2]) then
  field = ARGV[3]
end
redis.call('HINCRBY', KEYS[1], field, 1)
`;
