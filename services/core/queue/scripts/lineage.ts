import { toScript } from './script.ts';

/**
 * Lua: pipelines of a repository have numbers, from 1 on, and each comes after the one before of its branch. Of more
 * branches than these no new one is remembered. Needs `base`.
 */
export const number = `
local latest = {}

-- All that are asked for of one repository are read at once.
local function read_latest(repo, requests)
  local key, fields, known = LATEST .. repo, { '' }, {}
  for _, each in ipairs(requests) do
    if each.repo == repo and each.branch then fields[#fields + 1] = each.branch end
  end
  for i, value in ipairs(call('HMGET', key, unpack(fields))) do known[fields[i]] = value end
  latest[repo] = known
  return known
end

local function take_number(request, requests)
  local repo, branch = request.repo, request.branch
  local key = LATEST .. repo
  local known = latest[repo] or read_latest(repo, requests)
  local before = branch and known[branch] or nil
  local number = whole((known[''] or 0) + 1)
  known[''] = number
  local first = branch and request.jobs[1].id
  if branch and not before then
    known.size = known.size or call('HLEN', key)
    if known.size >= 10000 then first = nil end
    known.size = known.size + 1
  end
  if first then known[branch] = first end
  if put == call then
    call('HSET', key, '', number, first and branch or '', first or number)
  else
    put('HSET', key, '', number)
    if first then put('HSET', key, branch, first) end
  end
  return number, before
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
