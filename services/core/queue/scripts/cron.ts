import { toScript } from './script.ts';

/**
 * KEYS  [1] crons  [2] fired
 * ARGV  [1] repository and name  [2] when it was due, ms  [3] JSON
 */
export const noteFired = toScript('note-fired', {
  kind: 'drain',
  body: `
if call('HEXISTS', CRONS, ARGV[1]) == 0 then return end
local before = call('HGET', FIRED, ARGV[1])
if before and tonumber(string.match(before, '^%d+')) >= tonumber(ARGV[2]) then return end
call('HSET', FIRED, ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
`,
});

/**
 * KEYS  [1] crons  [2] fired
 * ARGV  [1…] repository and name
 * Returns how many there were.
 */
export const removeCrons = toScript('remove-crons', {
  kind: 'drain',
  body: `
call('HDEL', FIRED, unpack(ARGV))
return call('HDEL', CRONS, unpack(ARGV))
`,
});
