import { base } from './base.ts';
import { create } from './create.ts';
import { place } from './place.ts';
import { toScript } from './script.ts';

/**
 * KEYS  [1] seq
 * ARGV  [1] JSON: requests, each { delivery?, pipeline, repo, ref?, before?, after?, epoch?, jobs }
 *       [2] most unfinished jobs  [3] how long a delivery is remembered, ms  [4…] the specs, in order
 * Returns a list with one answer for each request: {'enqueued'} | {'dup', pipeline, job, place, …} | {'full'}
 *       | {'epoch', n}: the ref has another epoch than the id was made with, and nothing was done.
 *
 * Each request is taken wholly or not at all; several in one call only share the way.
 */
export const enqueue = toScript('enqueue', {
  kind: 'admit',
  parts: [base, place, create],
  body: `
local most, remembered, at = tonumber(ARGV[2]), ARGV[3], 3

local function known(pipeline)
  local answer = redis.call('HGETALL', PIPELINE .. pipeline)
  table.insert(answer, 1, pipeline)
  table.insert(answer, 1, 'dup')
  return answer
end

-- A movement that does not begin where the head is came out of order: it runs, and the head stays.
local function move_head(request)
  if not request.ref then return end
  local head = redis.call('HGET', HEAD .. request.repo, request.ref)
  if not head or head == request.before then
    redis.call('HSET', HEAD .. request.repo, request.ref, request.after)
  end
end

local function take(request)
  local specs = at
  at = at + #request.jobs
  local delivery = request.delivery and DEDUPE .. request.delivery
  local before = delivery and redis.call('GET', delivery)
  if before then return known(before) end
  if request.ref then
    local epoch = redis.call('ZSCORE', EPOCHS .. request.repo, request.ref) or '0'
    if tonumber(epoch) ~= request.epoch then return { 'epoch', epoch } end
  end
  local pipeline = request.pipeline
  if redis.call('EXISTS', PIPELINE .. pipeline, DEDUPE .. pipeline) > 0 then
    move_head(request)
    if delivery then redis.call('SET', delivery, pipeline, 'PX', remembered) end
    return known(pipeline)
  end
  local unfinished = redis.call('ZCARD', INDEX) - redis.call('ZCARD', DONE)
  if unfinished + #request.jobs > most then return { 'full' } end
  move_head(request)
  if delivery then redis.call('SET', delivery, pipeline, 'PX', remembered) end
  local places = {}
  for i, job in ipairs(request.jobs) do
    places[2 * i - 1], places[2 * i] = job.id, i
    create(job, ARGV[specs + i], request.repo, pipeline)
  end
  redis.call('HSET', PIPELINE .. pipeline, unpack(places))
  return { 'enqueued' }
end

local answers = {}
for i, request in ipairs(cjson.decode(ARGV[1])) do answers[i] = take(request) end
return answers
`,
});
