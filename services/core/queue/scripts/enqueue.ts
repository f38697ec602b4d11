import { admit } from './admit.ts';
import { base } from './base.ts';
import { create } from './create.ts';
import { finish } from './finish.ts';
import { hour } from './hour.ts';
import { lane } from './lane.ts';
import { dispatch, order, place } from './place.ts';
import { toScript } from './script.ts';

/** Lua: many jobs go into a sorted set by one command; who reads one before the end does not see them. */
const together = `
local sets = {}
local function gather(command, key, score, member)
  local set = sets[key]
  if not set then
    set = { command, key }
    sets[key] = set
  end
  set[#set + 1] = score
  set[#set + 1] = member
end
if tonumber(ARGV[5]) > 1 then add = gather end
`;

/**
 * KEYS  [1] seq
 * ARGV  [1] most unfinished jobs  [2] of one pool  [3] of one repository, where the request does not say
 *       [4] how long a delivery is remembered, ms  [5] how many jobs there are in all
 *       [6…] the requests, each: delivery, pipeline, repository, ref, before, after, epoch, most unfinished jobs of
 *       the repository, most that it may begin in an hour, lane (with a + before it where this is the newest of it), how
 *       many jobs; then of each job: id, pool, class, limit, JSON of what else there is to
 *       say of it, spec. What there is nothing to say of is ''.
 * Returns a list with one answer for each request: {'enqueued'} | {'dup', pipeline, job, place, …}
 *       | {'full', 'all' | 'pool' | 'repository', most} | {'full', 'hour', most, ms until there is room}
 *       | {'epoch', n}: the ref has another epoch than the id was made with, and nothing was done.
 *
 * Each request is taken wholly or not at all; several in one call only share the way. No JSON around what each has:
 * reading that took longer than most of the commands here.
 */
export const enqueue = toScript('enqueue', {
  kind: 'admit',
  parts: [base, together, order, place, create, admit, hour, dispatch, finish, lane],
  body: `
local most, most_of_pool, most_of_repo = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local remembered, jobs, at = ARGV[4], tonumber(ARGV[5]), 5
-- All sequence numbers at once; those of refused requests are never used.
local seq = call('INCRBY', SEQ, jobs) - jobs

local function next_request()
  local delivery, pipeline, repo, ref, before, after, epoch, cap, per_hour, lane, count = unpack(ARGV, at + 1, at + 11)
  at = at + 11
  local newest
  newest, lane = string.match(lane, '^(%+?)(%x*)$')
  lane = lane ~= '' and lane or nil
  local jobs = {}
  for i = 1, tonumber(count) do
    local id, pool, class, limit, more, spec = unpack(ARGV, at + 1, at + 6)
    at = at + 6
    local job = more == '' and {} or cjson.decode(more)
    job.id, job.pool, job.class, job.limit, job.spec = id, pool, class, limit, spec
    job.lane = lane
    jobs[i] = job
  end
  return {
    delivery = delivery ~= '' and DEDUPE .. delivery, pipeline = pipeline, repo = repo,
    ref = ref ~= '' and ref, told = after ~= '', lane = lane, newest = newest == '+', before = before, after = after, epoch = tonumber(epoch),
    most = tonumber(cap), per_hour = tonumber(per_hour), jobs = jobs,
  }
end

local function known(pipeline)
  local answer = call('HGETALL', PIPELINE .. pipeline)
  table.insert(answer, 1, pipeline)
  table.insert(answer, 1, 'dup')
  return answer
end

-- A movement that does not begin where the head is came out of order: it runs, and the head stays. One that does not
-- say where it begins may be the newest.
local function move_head(request)
  if not request.ref then return false end
  local head = call('HGET', HEAD .. request.repo, request.ref)
  if not head or head == request.before then
    call('HSET', HEAD .. request.repo, request.ref, request.after)
    return true
  end
  return request.before == ''
end

-- An answer, where the request is not a new one.
local function look_back(request)
  local pipeline, delivery = request.pipeline, request.delivery
  local before = delivery and call('GET', delivery)
  if before then return known(before) end
  if request.ref then
    local epoch = call('ZSCORE', EPOCHS .. request.repo, request.ref) or '0'
    if tonumber(epoch) ~= request.epoch then return { 'epoch', epoch } end
  end
  if call('EXISTS', PIPELINE .. pipeline, DEDUPE .. pipeline) > 0 then
    move_head(request)
    if delivery then call('SET', delivery, pipeline, 'PX', remembered) end
    return known(pipeline)
  end
end

local newer = {}

local function take(request)
  local pipeline, delivery = request.pipeline, request.delivery
  -- Nearly always none of them is there, and one look says so.
  local epochs = EPOCHS .. request.repo
  if request.epoch ~= 0 or call('EXISTS', PIPELINE .. pipeline, DEDUPE .. pipeline, epochs, delivery or epochs) > 0 then
    local answer = look_back(request)
    if answer then return answer end
  end
  local hour = request.per_hour and find_hour(request.repo, #request.jobs, request.per_hour)
  local waits = hour and hour.due > now
  -- Whoever asks can ask again. A forge tells once, so what it told of has its place in a later hour.
  if waits and not request.told then return { 'full', 'hour', hour.most, whole(hour.due - now) } end
  local full = admit(request.repo, request.jobs, { most, most_of_pool, request.most or most_of_repo })
  if full then return full end
  if hour then take_hour(hour) end
  request.moved = move_head(request)
  local move = request.lane and request.ref and to_move(request)
  if move and request.newest then newer[#newer + 1] = request end
  if delivery then call('SET', delivery, pipeline, 'PX', remembered) end
  local places = {}
  for i, job in ipairs(request.jobs) do
    places[2 * i - 1], places[2 * i] = job.id, i
    seq = seq + 1
    job.seq, job.move = seq, move or nil
    job.later = waits and hour
    create(job, job.spec, request.repo, pipeline)
  end
  request.seq = seq
  call('HSET', PIPELINE .. pipeline, unpack(places))
  return { 'enqueued' }
end

local answers = {}
while at < #ARGV do answers[#answers + 1] = take(next_request()) end
for _, set in pairs(sets) do call(unpack(set)) end
note_admitted()

-- Whoever reads from here on sees what was gathered.
add = call
for _, request in ipairs(newer) do note_trail(request, remembered) end
for _, request in ipairs(newer) do clear_lane(request) end
return answers
`,
});
