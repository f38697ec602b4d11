import { toScript } from './script.ts';

/**
 * KEYS  [1] the log  [2] its meta hash
 * ARGV  [1] number of the chunk  [2] step  [3] deflated bytes  [4] what they count  [5] most
 *       [6] the deflated marker  [7] how long the log is kept, ms
 * Returns {'written' | 'dup' | 'gap' | 'full', the last chunk that the log has}.
 *
 * A chunk is accepted in its turn only. The one that would pass the cap is replaced by the marker.
 */
export const append = toScript('append', {
  kind: 'admit',
  body: `
local n = tonumber(ARGV[1])
local meta = call('HMGET', KEYS[2], 'have', 'size', 'full')
local have, size = tonumber(meta[1] or 0), tonumber(meta[2] or 0) + ARGV[4]
if meta[3] then return { 'full', have } end
if n <= have then return { 'dup', have } end
if n > have + 1 then return { 'gap', have } end
local full = size > tonumber(ARGV[5])
call('XADD', KEYS[1], n .. '-0', 's', ARGV[2], 'b', full and ARGV[6] or ARGV[3])
call('HSET', KEYS[2], 'have', n, 'size', size)
if full then call('HSET', KEYS[2], 'full', 1) end
call('PEXPIRE', KEYS[1], ARGV[7])
call('PEXPIRE', KEYS[2], ARGV[7])
return { full and 'full' or 'written', n }
`,
});
