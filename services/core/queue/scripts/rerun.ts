import { admit } from './admit.ts';
import { base } from './base.ts';
import { create } from './create.ts';
import { hour } from './hour.ts';
import { number } from './lineage.ts';
import { order, place } from './place.ts';
import { toScript } from './script.ts';

/**
 * KEYS  [1] seq
 * ARGV  [1] pipeline that ended  [2] the new one  [3] JSON: its jobs in order, each { id, state, again? }, where
 *       `again` is the new job { id, needs?, reason? }; without it the job stands
 *       [4] most unfinished jobs  [5] of one pool  [6] of one repository  [7] most that it may begin in an hour, or ''
 *       [8…] the specs of the new jobs, in order
 * Returns {'enqueued'} | {'dup', pipeline, job, place, …} | {'full', of, most, ms?} | {'changed'}: its jobs are not, or
 * no longer, in these states, and nothing was done.
 */
export const rerun = toScript('rerun', {
  kind: 'admit',
  parts: [base, order, place, create, admit, hour, number],
  body: `
local pipeline, plan = ARGV[2], cjson.decode(ARGV[3])
local known = call('HGETALL', PIPELINE .. pipeline)
if #known > 0 then return { 'dup', pipeline, unpack(known) } end
if call('HLEN', PIPELINE .. ARGV[1]) ~= #plan then return { 'changed' } end

local repo, wanted = nil, {}
for _, each in ipairs(plan) do
  local job = read(each.id)
  if not job or job.state ~= each.state then return { 'changed' } end
  repo = job.repo
  local new = each.again
  if new then
    new.pool, new.class, new.limit, new.runs = job.pool, job.class, job.limit, job.runs
    new.status, new.lane, new.move = job.status, job.lane, job.move
    new.group, new.permits = job.group, job.permits
    new.parent, new.prev = job.number, job.prev
    new.awaits = job.awaits and true or nil
    wanted[#wanted + 1] = new
  end
end
local hour = ARGV[7] ~= '' and find_hour(repo, #wanted, tonumber(ARGV[7]))
if hour and hour.due > now then return { 'full', 'hour', hour.most, whole(hour.due - now) } end
local full = admit(repo, wanted, tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]))
if full then return full end
if hour then take_hour(hour) end

local number = take_number({ repo = repo }, {})
local places, specs = {}, 7
for i, each in ipairs(plan) do
  local new = each.again
  if new then
    specs = specs + 1
    new.seq, new.number = call('INCR', SEQ), number
    call('SET', SPEC .. new.id, ARGV[specs])
    create(new, repo, pipeline)
  else
    call('SADD', STANDS .. each.id, pipeline)
  end
  places[2 * i - 1], places[2 * i] = new and new.id or each.id, i
end
call('HSET', PIPELINE .. pipeline, unpack(places))
note_admitted()
return { 'enqueued' }
`,
});
