import { toScript } from './script.ts';

/**
 * KEYS  [1] the log  [2] its meta hash
 * ARGV  [1] number of the chunk  [2] step  [3] deflated bytes  [4] what they count  [5] most
 *       [6] the deflated marker  [7] how long the log is kept, ms  [8] bytes of the chunk  [9] of the marker
 *       [10] '1' where the chunk is the last word on a full log: how much was dropped
 * Returns {'written' | 'dup' | 'gap' | 'full', the last chunk that the log has}.
 *
 * A chunk is accepted in its turn only. The one that would pass the cap is replaced by the marker;
 * of a log that is archived nothing more is taken.
 */
export const append = toScript('append', {
  kind: 'admit',
  body: `
local n = tonumber(ARGV[1])
local meta = call('HMGET', KEYS[2], 'have', 'size', 'full', 'bytes', 'archived', 'closed')
local have, size = tonumber(meta[1] or 0), tonumber(meta[2] or 0) + ARGV[4]
local closes = meta[3] and ARGV[10] == '1' and not meta[6]
if meta[5] or meta[3] and not closes then return { 'full', have } end
if n <= have then return { 'dup', have } end
if n > have + 1 then return { 'gap', have } end
local full = not closes and size > tonumber(ARGV[5])
-- Where its bytes begin, so that a reader finds them without those before.
local begin = tonumber(meta[4] or 0)
call('XADD', KEYS[1], n .. '-0', 's', ARGV[2], 'b', full and ARGV[6] or ARGV[3], 'o', begin)
call('HSET', KEYS[2], 'have', n, 'size', size, 'bytes', begin + (full and ARGV[9] or ARGV[8]))
if full then call('HSET', KEYS[2], 'full', 1) end
if closes then call('HSET', KEYS[2], 'closed', 1) end
call('PEXPIRE', KEYS[1], ARGV[7])
call('PEXPIRE', KEYS[2], ARGV[7])
return { full and 'full' or 'written', n }
`,
});

/**
 * KEYS  [1] the log  [2] its meta hash
 * ARGV  [1] a byte  [2] a later one, or ''
 * Returns {bytes in all, the chunk before that of the byte, where that of the byte begins, the chunk of the
 *       later byte, where it is archived or ''}: the last chunk where a byte is not there yet. Looks at as many chunks as a binary
 *       search must, however long the log is.
 */
export const seek = toScript('seek', {
  kind: 'look',
  body: `
local meta = call('HMGET', KEYS[2], 'have', 'bytes', 'archived')
local have, bytes = tonumber(meta[1] or 0), tonumber(meta[2] or 0)
if meta[3] then return { bytes, 0, 0, have, meta[3] } end
local function begin(n)
  local entry = call('XRANGE', KEYS[1], n .. '-0', n .. '-0')[1]
  return entry and tonumber(entry[2][6]) or 0
end
local function find(byte)
  if byte >= bytes then return have + 1, byte end
  local low, high = 1, have
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if begin(middle) <= byte then low = middle else high = middle - 1 end
  end
  return low, begin(low)
end
local first, at = find(tonumber(ARGV[1]))
local last = ARGV[2] == '' and have or math.min(have, (find(tonumber(ARGV[2]))))
return { bytes, first - 1, at, last, '' }
`,
});
