import { toScript } from './script.ts';

/**
 * Lua: pipelines of a repository have numbers, from 1 on, and each comes after the one before of its branch. Of more
 * branches than these no new one is remembered. Needs `base`.
 */
export const number = `
local function take_number(repo, branch, first)
  local key = LATEST .. repo
  local known = noted[key] or {}
  local last, before = known[''], branch and known[branch]
  if not last or (branch and not before) then
    local found = call('HMGET', key, '', branch or '')
    last, before = last or found[1] or 0, before or (branch and found[2])
  end
  local number = whole(last + 1)
  local isKept = branch and (before or call('HLEN', key) < 10000)
  if put == call then
    call('HSET', key, '', number, isKept and branch or '', isKept and first or number)
  else
    put('HSET', key, '', number)
    if isKept then put('HSET', key, branch, first) end
  end
  return number, before or nil
end
`;

/**
 * KEYS  [1] seq
 * ARGV  [1] job
 * Returns {created, number, parent, place, before?} | false, where `before` is of the pipeline before on its branch:
 * {job, spec, number, parent, created, started, finished, {state, …}}; times and numbers that there are none of are ''.
 */
export const lineage = toScript('lineage', {
  kind: 'look',
  body: `
local function read(id, ...) return call('HMGET', JOB .. id, 'number', 'parent', 'created', 'pipeline', ...) end
local own = read(ARGV[1], 'prev')
if not own[3] then return false end
local answer = { own[3], own[1] or '', own[2] or '', call('HGET', PIPELINE .. own[4], ARGV[1]) or '' }
local before = own[5] and read(own[5], 'started')
if not before or not before[3] then return answer end
local states, finished = {}, ''
for _, id in ipairs(call('HKEYS', PIPELINE .. before[4])) do
  local job = call('HMGET', JOB .. id, 'state', 'finished')
  if job[1] then states[#states + 1] = job[1] end
  if job[2] and (finished == '' or tonumber(job[2]) > tonumber(finished)) then finished = job[2] end
end
answer[5] = {
  own[5], call('GET', SPEC .. own[5]), before[1] or '', before[2] or '', before[3], before[5] or '', finished, states,
}
return answer
`,
});
