import { base } from './base.ts';
import { create } from './create.ts';
import { finish } from './finish.ts';
import { hour } from './hour.ts';
import { dispatch, order, place } from './place.ts';
import { toScript } from './script.ts';

/**
 * KEYS  [1] seq
 * ARGV  [1] job  [2] its fence  [3] the workflow that it runs itself, or ''  [4] JSON: new jobs  [5…] their specs
 * Returns 'done' | 'stale'. A job that the pipeline already has is left as it is; one that was asked to stop adds none.
 */
export const expand = toScript('expand', {
  kind: 'admit',
  parts: [base, order, place, create, hour, dispatch, finish],
  body: `
local job = read(ARGV[1])
if not job or job.state ~= 'running' or job.fence ~= ARGV[2] then return 'stale' end

-- Told with a step that is known already, so that readers who do not know of it read on.
if ARGV[3] ~= '' and job.workflow ~= ARGV[3] then
  call('HSET', JOB .. job.id, 'workflow', ARGV[3])
  local steps = call('HGETALL', STEPS .. job.id)
  if steps[1] then
    local state, started, finished, exit = string.match(steps[2], '^%d+ (%a+) (%d*) (%d*) (%d*)')
    emit('step', job.id, {
      fence = tonumber(job.fence), workflow = ARGV[3],
      step = {
        name = steps[1], state = state, exitCode = tonumber(exit),
        startedAt = tonumber(started), finishedAt = tonumber(finished),
      },
    })
  end
end

-- It stops, and so does what would come of it.
if job.cancelling then return 'done' end

local made = {}
for i, new in ipairs(cjson.decode(ARGV[4])) do
  if call('HSETNX', PIPELINE .. job.pipeline, new.id, next_place(job.pipeline)) == 1 then
    new.class, new.lane, new.move = job.class, job.lane, job.move
    new.number, new.parent, new.prev = job.number, job.parent, job.prev
    if not new.group then new.group, new.permits = job.group, job.permits end
    new.seq = call('INCR', SEQ)
    call('SET', SPEC .. new.id, ARGV[4 + i])
    create(new, job.repo, job.pipeline)
    made[#made + 1] = new
  end
end
-- No cap: what was accepted goes on.
for _, new in ipairs(made) do admitted({ repo = job.repo, pool = new.pool }, 1) end
count_in_hour(job.repo, #made)
-- One that comes after what it needs has ended, or been forgotten, is settled like those that waited.
for _, new in ipairs(made) do
  for _, need in ipairs(new.needs or {}) do
    local other = read(need[1])
    if not other then other = { id = need[1], state = 'lost' } end
    if other.finished or other.state == 'lost' then settle_dependents(other) end
  end
end
return 'done'
`,
});
