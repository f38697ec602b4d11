/** Lua: what says something that no job's hash says goes. */
export const strays = `
local function in_set(key, should, name)
  for _, id in ipairs(call('ZRANGE', key, 0, -1)) do
    local job = jobs[id]
    if not job or not should(job) then
      call('ZREM', key, id)
      mend(id, 'taken out of ' .. name)
    end
  end
end
local function is(state)
  return function(job) return job.state == state end
end

-- Of one lane: only jobs that have not ended.
local function in_lane(lane)
  for _, id in ipairs(call('SMEMBERS', LANE .. lane)) do
    local job = jobs[id]
    if not job or job.lane ~= lane or final[job.state] then
      call('SREM', LANE .. lane, id)
      mend(id, 'taken out of its lane')
    end
  end
end

-- Of one pool: only queued jobs, each with the one ticket that its hash names.
local function in_pool(pool)
  for _, entry in ipairs(call('ZRANGE', READY .. pool, 0, -1)) do
    local job = jobs[string.sub(entry, 11)]
    if not job or job.state ~= 'queued' or job.pool ~= pool or member(job) ~= entry then
      call('ZREM', READY .. pool, entry)
      mend(string.sub(entry, 11), 'taken out of ready')
    end
  end
  for _, entry in ipairs(call('XRANGE', TICKETS .. pool, '-', '+')) do
    local job = jobs[entry[2][2]]
    if not job or job.state ~= 'queued' or job.pool ~= pool or job.ticket ~= entry[1] then
      call('XDEL', TICKETS .. pool, entry[1])
      mend(entry[2][2], 'a ticket too many')
    end
  end
end

-- How many of each repository wait in a class, and the time of the last, counted anew.
local function shares_of(pool)
  local real = {}
  local ready = call('ZRANGE', READY .. pool, 0, -1, 'WITHSCORES')
  for i = 1, #ready, 2 do
    local fair = FAIR .. pool .. ':' .. math.floor(ready[i + 1] / CLASS)
    local repo = jobs[string.sub(ready[i], 11)].repo
    real[fair] = real[fair] or {}
    local share = real[fair][repo] or { jobs = 0, last = 0 }
    share.jobs, share.last = share.jobs + 1, math.max(share.last, ready[i + 1] % CLASS)
    real[fair][repo] = share
  end
  for class = 0, 9 do
    local fair = FAIR .. pool .. ':' .. class
    local known = call('HGETALL', fair)
    local shares = real[fair] or {}
    for i = 1, #known, 2 do
      local repo = known[i]
      local share = shares[repo]
      if not share then
        call('HDEL', fair, repo)
        mend(repo, 'counted as waiting in ' .. pool)
      else
        if known[i + 1] % MANY == share.jobs and math.floor(known[i + 1] / MANY) >= share.last then
          shares[repo] = nil
        end
      end
    end
    for repo, share in pairs(shares) do
      call('HSET', fair, repo, whole(share.last * MANY + share.jobs))
      mend(repo, 'how many wait in ' .. pool .. ' counted anew')
    end
  end
end

local function in_group(group)
  for _, id in ipairs(call('SMEMBERS', PERMITS .. group)) do
    local job = jobs[id]
    if not job or job.group ~= group or not (job.state == 'queued' or job.state == 'running') then
      call('SREM', PERMITS .. group, id)
      mend(id, 'a permit too many of ' .. group)
    end
  end
  in_set(BLOCKED .. group, function(job) return job.state == 'blocked' and job.group == group end, 'line of ' .. group)
end

local function in_pipeline(pipeline)
  for _, id in ipairs(call('HKEYS', PIPELINE .. pipeline)) do
    if not jobs[id] then
      call('HDEL', PIPELINE .. pipeline, id)
      mend(id, 'taken out of its pipeline')
    end
  end
end
`;
