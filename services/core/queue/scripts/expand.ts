import { base } from './base.ts';
import { create } from './create.ts';
import { hour } from './hour.ts';
import { order, place } from './place.ts';
import { toScript } from './script.ts';

/**
 * KEYS  [1] seq
 * ARGV  [1] job  [2] its fence  [3] JSON: new jobs  [4…] their specs
 * Returns 'done' | 'stale'. A job that the pipeline already has is left as it is.
 */
export const expand = toScript('expand', {
  kind: 'admit',
  parts: [base, order, place, create, hour],
  body: `
local job = read(ARGV[1])
if not job or job.state ~= 'running' or job.fence ~= ARGV[2] then return 'stale' end
local made = 0
for i, new in ipairs(cjson.decode(ARGV[3])) do
  local place = call('HLEN', PIPELINE .. job.pipeline) + 1
  if call('HSETNX', PIPELINE .. job.pipeline, new.id, place) == 1 then
    new.pool, new.class, new.limit = job.pool, job.class, job.limit
    new.group, new.permits, new.seq = job.group, job.permits, call('INCR', SEQ)
    create(new, ARGV[3 + i], job.repo, job.pipeline)
    made = made + 1
  end
end
-- No cap: what was accepted goes on.
admitted(job, made)
count_in_hour(job.repo, made)
return 'done'
`,
});
