import { base } from './base.ts';
import { toScript } from './script.ts';

/**
 * Lua: what a job keeps beside its log. A bundle is what one step has sent; of it the job's hash knows
 * `<fence> <bytes> <files> <1 when it is whole> <repository>`.
 */
export const bundles = `
local function read_bundle(id, n)
  local text = call('HGET', BUNDLE .. id, n) or ''
  local fence, bytes, files, whole, repo = string.match(text, '^(%d+) (%d+) (%d+) ([01]) (.+)$')
  return fence and { fence = fence, bytes = tonumber(bytes), files = tonumber(files), whole = whole == '1', repo = repo }
end

-- Its number is never given again, so what is still on its way to it harms no other.
local function drop_bundle(id, n)
  local bundle = read_bundle(id, n)
  call('ZREM', BUNDLES, id .. ' ' .. n)
  call('HDEL', BUNDLE .. id, n)
  if not bundle then return end
  if call('HINCRBY', STORED, bundle.repo, whole(-bundle.bytes)) <= 0 then call('HDEL', STORED, bundle.repo) end
  call('RPUSH', LITTER, table.concat({ id, n, whole(bundle.bytes) }, ' '))
end

local function bundles_of(id)
  local numbers = {}
  for _, n in ipairs(call('HKEYS', BUNDLE .. id)) do
    if n ~= 'last' then numbers[#numbers + 1] = n end
  end
  return numbers
end
`;

/**
 * KEYS  [1] seq
 * ARGV  [1] job  [2] fence  [3] bytes  [4] files  [5] most bytes of a job  [6] most files  [7] most bytes of its
 *       repository  [8] how long it may take to become whole, ms
 * Returns its number | 'stale' | what has no room for it: 'bytes' | 'files' | 'repository'.
 *
 * What an earlier attempt has sent goes: nobody can ask for it any more.
 */
export const openBundle = toScript('openBundle', {
  kind: 'admit',
  parts: [base, bundles],
  body: `
local id, fence = ARGV[1], ARGV[2]
local job = call('HMGET', JOB .. id, 'state', 'fence', 'repo')
if job[1] ~= 'running' or job[2] ~= fence then return 'stale' end
local bytes, files = tonumber(ARGV[3]), tonumber(ARGV[4])
local all_bytes, all_files = bytes, files
for _, n in ipairs(bundles_of(id)) do
  local bundle = read_bundle(id, n)
  if not bundle or bundle.fence ~= fence then
    drop_bundle(id, n)
  else
    all_bytes, all_files = all_bytes + bundle.bytes, all_files + bundle.files
  end
end
if all_bytes > tonumber(ARGV[5]) then return 'bytes' end
if all_files > tonumber(ARGV[6]) then return 'files' end
local repo = job[3]
if tonumber(call('HGET', STORED, repo) or 0) + bytes > tonumber(ARGV[7]) then return 'repository' end
local n = call('HINCRBY', BUNDLE .. id, 'last', 1)
call('HSET', BUNDLE .. id, n, table.concat({ fence, ARGV[3], ARGV[4], '0', repo }, ' '))
call('HINCRBY', STORED, repo, ARGV[3])
call('ZADD', BUNDLES, now + ARGV[8], id .. ' ' .. n)
return n
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] job  [2] fence  [3] bundle  [4] how long it is kept, ms
 * Returns 'done' | 'stale'. Once more changes nothing.
 */
export const closeBundle = toScript('closeBundle', {
  kind: 'drain',
  parts: [base, bundles],
  body: `
local id, fence, n = ARGV[1], ARGV[2], ARGV[3]
local job = call('HMGET', JOB .. id, 'state', 'fence')
if job[1] ~= 'running' or job[2] ~= fence then return 'stale' end
local bundle = read_bundle(id, n)
if not bundle or bundle.fence ~= fence then return 'stale' end
if bundle.whole then return 'done' end
call('HSET', BUNDLE .. id, n, table.concat({ fence, whole(bundle.bytes), bundle.files, '1', bundle.repo }, ' '))
call('ZADD', BUNDLES, now + ARGV[4], id .. ' ' .. n)
return 'done'
`,
});

/**
 * KEYS  [1] seq
 * ARGV  [1] most
 * Returns how many bundles were too old.
 */
export const expireBundles = toScript('expireBundles', {
  kind: 'drain',
  parts: [base, bundles],
  body: `
local old = call('ZRANGE', BUNDLES, '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])
for _, entry in ipairs(old) do
  local id, n = string.match(entry, '^(%x+) (%d+)$')
  drop_bundle(id, n)
end
return #old
`,
});
