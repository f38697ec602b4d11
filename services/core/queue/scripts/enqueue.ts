import { admit } from './admit.ts';
import { base } from './base.ts';
import { create } from './create.ts';
import { finish } from './finish.ts';
import { hour } from './hour.ts';
import { lane, movement } from './lane.ts';
import { number } from './lineage.ts';
import { dispatch, order, place } from './place.ts';
import { toScript } from './script.ts';

/** Lua: what many jobs write to one key goes there by one command, when all are made. */
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

local function note(_, key, field, value)
  noted[key] = noted[key] or {}
  noted[key][field] = value
end

local function write_all()
  for _, set in pairs(sets) do call(unpack(set)) end
  for key, hash in pairs(noted) do
    local flat = {}
    for field, value in pairs(hash) do
      flat[#flat + 1] = field
      flat[#flat + 1] = value
    end
    call('HSET', key, unpack(flat))
  end
  sets, noted = {}, {}
end
`;

/**
 * KEYS  [1] seq
 * ARGV  [1] JSON [most unfinished jobs, of one pool, of one repository where the request does not say,
 *           how long a delivery is remembered (ms), how many jobs there are in all, requests], each request
 *           { pipeline, delivery?, repo, branch?, told?: by a forge, ref?, before?, after?, epoch?, most?: unfinished jobs of the
 *             repository, perHour?: that it may begin, lane?, newest?: whether it is the newest of it, jobs }, each job
 *           { id, pool, class, limit } and what else `create` takes
 *       [2…] the spec of each job, in order
 * Returns a list with one answer for each request: {'enqueued'} | {'dup', pipeline, job, place, …}
 *       | {'full', 'all' | 'pool' | 'repository', most} | {'full', 'hour', most, ms until there is room}
 *       | {'epoch', n}: the ref has another epoch than the id was made with, and nothing was done.
 *
 * Each request is taken wholly or not at all; several in one call share the way, and the commands that look at, or
 * write to, the same keys. No function that only some need: making one takes as long as a command.
 */
export const enqueue = toScript('enqueue', {
  kind: 'admit',
  parts: [base, order, place, create, admit, hour, movement, together, number],
  body: `
local most, most_of_pool, most_of_repo, remembered, jobs, requests = unpack(cjson.decode(ARGV[1]))
-- All sequence numbers at once; those of refused requests are never used.
local seq = call('INCRBY', SEQ, jobs) - jobs

local looked, of_spec = {}, 1
for _, request in ipairs(requests) do
  local epochs = EPOCHS .. request.repo
  request.delivery = request.delivery and DEDUPE .. request.delivery
  request.specs = of_spec
  of_spec = of_spec + #request.jobs
  for _, key in ipairs({ PIPELINE .. request.pipeline, DEDUPE .. request.pipeline, epochs, request.delivery or epochs }) do
    looked[#looked + 1] = key
  end
end

-- Nearly always none of it is there, and one look says so.
local any_known = call('EXISTS', unpack(looked)) > 0
local made = {}

local function is_known(i, request)
  if request.epoch then return true end
  if any_known then return call('EXISTS', unpack(looked, 4 * i - 3, 4 * i)) > 0 end
  return made[request.pipeline] or made[request.delivery]
end

-- A movement that does not begin where the head is came out of order: it runs, and the head stays. One that does not
-- say where it begins may be the newest.
local function move_head(request)
  if not request.ref then return false end
  local key, ref = HEAD .. request.repo, request.ref
  local head = noted[key] and noted[key][ref] or call('HGET', key, ref)
  if not head or head == request.before then
    put('HSET', key, ref, request.after)
    return true
  end
  return not request.before
end

-- An answer, where the request is not a new one.
local function look_back(request)
  local function known(pipeline)
    local answer = call('HGETALL', PIPELINE .. pipeline)
    table.insert(answer, 1, pipeline)
    table.insert(answer, 1, 'dup')
    return answer
  end
  local pipeline, delivery = request.pipeline, request.delivery
  local before = delivery and call('GET', delivery)
  if before then return known(before) end
  if request.ref then
    local epoch = call('ZSCORE', EPOCHS .. request.repo, request.ref) or '0'
    if tonumber(epoch) ~= (request.epoch or 0) then return { 'epoch', epoch } end
  end
  if call('EXISTS', PIPELINE .. pipeline, DEDUPE .. pipeline) > 0 then
    move_head(request)
    if delivery then call('SET', delivery, pipeline, 'PX', remembered) end
    return known(pipeline)
  end
end

local newer, specs = {}, {}

local function take(request)
  local hour = request.perHour and find_hour(request.repo, #request.jobs, request.perHour)
  local waits = hour and hour.due > now
  -- Whoever asks can ask again. A forge tells once, so what it told of has its place in a later hour.
  if waits and not request.told then return { 'full', 'hour', hour.most, whole(hour.due - now) } end
  local full = admit(request.repo, request.jobs, most, most_of_pool, request.most or most_of_repo)
  if full then return full end
  if hour then take_hour(hour) end
  request.moved = move_head(request)
  local move = request.lane and request.ref and to_move(request)
  if move and request.newest then newer[#newer + 1] = request end
  local pipeline, delivery = request.pipeline, request.delivery
  made[pipeline] = true
  if delivery then
    call('SET', delivery, pipeline, 'PX', remembered)
    made[delivery] = true
  end
  local places = {}
  local number, before = take_number(request, requests)
  for i, job in ipairs(request.jobs) do
    places[2 * i - 1], places[2 * i] = job.id, i
    seq = seq + 1
    job.seq, job.lane, job.move = seq, request.lane, move or nil
    job.later = waits and hour
    job.number, job.prev = number, before
    specs[#specs + 1] = SPEC .. job.id
    specs[#specs + 1] = ARGV[request.specs + i]
    create(job, request.repo, pipeline)
  end
  request.seq = seq
  call('HSET', PIPELINE .. pipeline, unpack(places))
  return { 'enqueued' }
end

if jobs ~= '1' then add, put = gather, note end
local answers = {}
for i, request in ipairs(requests) do
  answers[i] = is_known(i, request) and look_back(request) or take(request)
end
if #specs > 0 then call('MSET', unpack(specs)) end
write_all()
note_admitted()

-- Whoever reads from here on sees what was gathered.
local function clear_lanes()
  add, put = call, call
  ${[dispatch, finish, lane].join('\n')}
  for _, request in ipairs(newer) do note_trail(request, remembered) end
  for _, request in ipairs(newer) do clear_lane(request) end
end
if #newer > 0 then clear_lanes() end
return answers
`,
});
