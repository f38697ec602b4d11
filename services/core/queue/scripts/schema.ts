import { base } from './base.ts';
import { toScript } from './script.ts';

/**
 * KEYS  [1] seq
 * ARGV  [1] api  [2] oldest version that it can serve  [3] newest  [4] how long this is good, ms
 * Returns {'serves' | 'refused', version of what Redis holds}.
 *
 * The version rises only when all who serve know the new one, so that an old api and a new one work beside each
 * other; and never falls, so that an old one that comes back is refused.
 */
export const serve = toScript('serve', {
  kind: 'drain',
  parts: [base],
  body: `
local me, oldest, newest = 'api ' .. ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local version = tonumber(call('HGET', SCHEMA, 'version') or nil)
-- What was written before there was a version is of the first one.
if not version then version = call('EXISTS', SEQ) == 1 and 1 or newest end
if version < oldest or version > newest then
  call('HDEL', SCHEMA, me)
  return { 'refused', version }
end
call('HSET', SCHEMA, me, newest .. ' ' .. whole(now + ARGV[4]))
local known = call('HGETALL', SCHEMA)
for i = 1, #known, 2 do
  local other, good = string.match(known[i + 1], '^(%d+) (%d+)$')
  if other and tonumber(good) < now then
    call('HDEL', SCHEMA, known[i])
  elseif other then
    newest = math.min(newest, tonumber(other))
  end
end
version = math.max(version, newest)
call('HSET', SCHEMA, 'version', version)
return { 'serves', version }
`,
});
