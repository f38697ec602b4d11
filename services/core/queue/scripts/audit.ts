import { base } from './base.ts';
import { bundles } from './bundles.ts';
import { outboxes } from './outbox.ts';
import { order } from './place.ts';
import { toScript } from './script.ts';

/**
 * KEYS  [1] seq
 * Returns a line for each invariant that does not hold. Looks at every job: for tests, and for a person.
 */
export const audit = toScript('audit', {
  kind: 'look',
  parts: [base, order, bundles, outboxes],
  body: `
local wrong = {}
local function expect(ok, text)
  if not ok then wrong[#wrong + 1] = text end
end

local final = { success = true, failure = true, cancelled = true, timeout = true, skipped = true, dead = true }
local counts, ready, groups, shares = {}, {}, {}, {}
local open, pipelines, seen, repos, lanes = {}, {}, {}, {}, {}
local logs, bundled, stored = 0, 0, {}
for _, id in ipairs(call('ZRANGE', INDEX, 0, -1)) do
  local job = read(id)
  expect(job, id .. ' is in the index and has no hash')
  if job then
    local state = job.state
    counts[state] = (counts[state] or 0) + 1
    seen[id] = true
    pipelines[job.pipeline] = true
    if not final[state] then
      for _, field in ipairs({ 'repo ' .. job.repo, 'pool ' .. job.pool }) do open[field] = (open[field] or 0) + 1 end
    end
    local function same(key, should, name)
      expect((call('ZSCORE', key, id) and true or false) == should, id .. ' is ' .. state .. ': ' .. name)
    end
    local score = call('ZSCORE', READY .. job.pool, member(job))
    expect((score and true or false) == (state == 'queued'), id .. ' is ' .. state .. ': ready')
    if score then
      local fair = FAIR .. job.pool .. ':' .. math.floor(score / CLASS)
      shares[fair] = shares[fair] or {}
      local share = shares[fair][job.repo] or { jobs = 0, last = 0 }
      share.jobs, share.last = share.jobs + 1, math.max(share.last, score % CLASS)
      shares[fair][job.repo] = share
    end
    same(LEASES, state == 'running', 'leases')
    same(DEADLINES, state == 'running', 'deadlines')
    same(DELAYED, state == 'delayed', 'delayed')
    same(DONE, final[state] or false, 'done')
    same(DEAD, state == 'dead', 'dead')
    for _, pipeline in ipairs(call('SMEMBERS', STANDS .. id)) do
      pipelines[pipeline] = true
      expect(call('HEXISTS', PIPELINE .. pipeline, id) == 1, id .. ' stands in ' .. pipeline .. ', which does not know')
      expect(final[state], id .. ' is ' .. state .. ' and stands in ' .. pipeline)
    end
    local logged = call('ZSCORE', UNARCHIVED, id) and 1 or 0
    if call('ZSCORE', ARCHIVED, id) then logged = logged + 1 end
    local should = final[state] and job.ran and 1 or 0
    expect(logged == should, id .. ' is ' .. state .. ': its log is to be archived, or is, ' .. logged .. ' times')
    logs = logs + should
    for _, n in ipairs(bundles_of(id)) do
      local bundle = read_bundle(id, n)
      expect(bundle, id .. ': bundle ' .. n .. ' cannot be read')
      bundled = bundled + 1
      if bundle then stored[bundle.repo] = (stored[bundle.repo] or 0) + bundle.bytes end
      expect(call('ZSCORE', BUNDLES, id .. ' ' .. n), id .. ': bundle ' .. n .. ' will never be too old')
    end
    expect((job.finished and true or false) == (final[state] or false), id .. ' is ' .. state .. ': finished')
    expect(call('EXISTS', SPEC .. id) == 1, id .. ' has no spec')
    expect(call('HEXISTS', PIPELINE .. job.pipeline, id) == 1, id .. ' is not in its pipeline')
    same(REPO .. job.repo, true, 'index of its repository')
    repos[job.repo] = (repos[job.repo] or 0) + 1
    if state == 'queued' then
      ready[job.pool] = (ready[job.pool] or 0) + 1
      local entry = (job.ticket or '') ~= '' and call('XRANGE', TICKETS .. job.pool, job.ticket, job.ticket)[1]
      expect(entry and entry[2][2] == id, id .. ' is queued without its ticket')
    else
      expect((job.ticket or '') == '', id .. ' is ' .. state .. ' with a ticket')
    end
    if state == 'running' then
      expect(call('HGET', AGENTS, job.agent or '') == id, id .. ' runs, and its agent is not known')
      expect(job.token, id .. ' runs without a token')
    end
    if job.lane then
      local is = call('SISMEMBER', LANE .. job.lane, id) == 1
      expect(is == not final[state], id .. ' is ' .. state .. ': lane')
      lanes[job.lane] = (lanes[job.lane] or 0) + (final[state] and 0 or 1)
    end
    if job.group then
      local group = groups[job.group] or { most = 0, held = 0, blocked = 0 }
      groups[job.group] = group
      group.most = math.max(group.most, tonumber(job.permits))
      if state == 'queued' or state == 'running' then group.held = group.held + 1 end
      if state == 'blocked' then group.blocked = group.blocked + 1 end
      local held = call('SISMEMBER', PERMITS .. job.group, id) == 1
      expect(held == (state == 'queued' or state == 'running'), id .. ' is ' .. state .. ': permit')
      same(BLOCKED .. job.group, state == 'blocked', 'line of its group')
    else
      expect(state ~= 'blocked', id .. ' is blocked without a group')
    end
    local needs = call('HKEYS', NEEDS .. id)
    expect(#needs == 0 or state == 'waiting', id .. ' is ' .. state .. ' with needs')
    expect(state ~= 'waiting' or #needs > 0 or job.awaits, id .. ' waits for nothing')
    for _, need in ipairs(needs) do
      expect(call('SISMEMBER', DEPENDENTS .. need, id) == 1, id .. ' needs ' .. need .. ', which does not know')
      local other = call('HGET', JOB .. need, 'state')
      expect(other and not final[other], id .. ' needs ' .. need .. ', which is ' .. tostring(other))
    end
    for _, other in ipairs(call('SMEMBERS', DEPENDENTS .. id)) do
      expect(call('HEXISTS', NEEDS .. other, id) == 1, other .. ' does not need ' .. id .. ' any more')
    end
  end
end

for repo, real in pairs(repos) do
  expect(call('ZCARD', REPO .. repo) == real, repo .. ': its index has a job that is not')
end
for lane, real in pairs(lanes) do
  expect(call('SCARD', LANE .. lane) == real, 'lane ' .. lane .. ' has a job that is not')
end
for pipeline in pairs(pipelines) do
  for _, id in ipairs(call('HKEYS', PIPELINE .. pipeline)) do
    expect(seen[id], id .. ' is in its pipeline and nowhere else')
  end
end
for _, pool in ipairs(call('SMEMBERS', POOLS)) do
  expect(call('ZCARD', READY .. pool) == (ready[pool] or 0), pool .. ': ready has a job that is not queued')
  expect(call('XLEN', TICKETS .. pool) == (ready[pool] or 0), pool .. ': a ticket without its job')
  ready[pool] = nil
  for class = 0, 9 do
    local fair = FAIR .. pool .. ':' .. class
    local known, real = call('HGETALL', fair), shares[fair] or {}
    for i = 1, #known, 2 do
      local share = real[known[i]] or { jobs = 0, last = 0 }
      expect(known[i + 1] % MANY == share.jobs, fair .. ': ' .. known[i] .. ' does not have that many waiting')
      expect(math.floor(known[i + 1] / MANY) >= share.last, fair .. ': ' .. known[i] .. ' has one waiting after its last')
      real[known[i]] = nil
    end
    expect(next(real) == nil, fair .. ': a repository waits and is not known')
  end
end
expect(next(ready) == nil, 'a pool is not listed')
for group, real in pairs(groups) do
  local permits_given = call('SCARD', PERMITS .. group)
  expect(permits_given <= real.most, 'group ' .. group .. ' has given more than ' .. real.most .. ' permits')
  expect(permits_given == real.held, 'group ' .. group .. ': a permit of no job')
  expect(call('ZCARD', BLOCKED .. group) == real.blocked, 'group ' .. group .. ': one in its line that is not blocked')
  local first = call('ZRANGE', BLOCKED .. group, 0, 0)[1]
  if first then
    local permits = tonumber(call('HGET', JOB .. first, 'permits') or 0)
    expect(call('SCARD', PERMITS .. group) >= permits, 'group ' .. group .. ': a permit is free, and one waits')
  end
end
local told, statuses = 0, call('HGETALL', STATUSES)
for i = 1, #statuses, 2 do
  -- Of a job that is forgotten one stays while it is told.
  local job = read(string.match(statuses[i + 1], '^%x+'))
  expect(not job or job.status == statuses[i], statuses[i] .. ': a status to be told of no job')
  expect(outbox_of(statuses[i]), statuses[i] .. ': not in the outbox')
end
for _, forge in ipairs({ 'gitea', 'github' }) do told = told + call('ZCARD', OUTBOX .. forge) end
expect(told == #statuses / 2, 'the outbox has a status that is not to be told')
expect(call('ZCARD', UNARCHIVED) + call('ZCARD', ARCHIVED) == logs, 'a log to archive without its job')
expect(call('ZCARD', BUNDLES) == bundled, 'a bundle without its job')
local rooms = call('HGETALL', STORED)
for i = 1, #rooms, 2 do
  local real = stored[rooms[i]] or 0
  expect(tonumber(rooms[i + 1]) == real, rooms[i] .. ': artifacts counted ' .. rooms[i + 1] .. ' bytes, really ' .. real)
  stored[rooms[i]] = nil
end
for repo, real in pairs(stored) do expect(real == 0, repo .. ': artifacts not counted, really ' .. real .. ' bytes') end
local running = counts.running or 0
expect(call('ZCARD', LEASES) == running, 'a lease without its job')
expect(call('ZCARD', DEADLINES) == running, 'a deadline without its job')
expect(call('HLEN', AGENTS) == running, 'an agent without its job')
expect(call('ZCARD', DELAYED) == (counts.delayed or 0), 'a delayed job that is not')
local ended = 0
for state in pairs(final) do ended = ended + (counts[state] or 0) end
expect(call('ZCARD', DONE) == ended, 'a finished job that is not')
expect(call('ZCARD', DEAD) == (counts.dead or 0), 'a dead job that is not')
local caps = call('HGETALL', UNFINISHED)
for i = 1, #caps, 2 do
  local real = open[caps[i]] or 0
  expect(tonumber(caps[i + 1]) == real, caps[i] .. ': counted ' .. caps[i + 1] .. ' unfinished, really ' .. real)
  open[caps[i]] = nil
end
for field, real in pairs(open) do expect(false, field .. ': not counted, really ' .. real) end
local counted = call('HGETALL', COUNTS)
for state in pairs(held) do counts[state] = nil end
for i = 1, #counted, 2 do
  local real = counts[counted[i]] or 0
  expect(tonumber(counted[i + 1]) == real, counted[i] .. ': counted ' .. counted[i + 1] .. ', really ' .. real)
  counts[counted[i]] = nil
end
for state, real in pairs(counts) do expect(false, state .. ': not counted, really ' .. real) end
return wrong
`,
});
