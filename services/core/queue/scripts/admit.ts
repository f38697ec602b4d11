/** Lua: whether there is room for more. Needs `base`. */
export const admit = `
-- What unfinished jobs a repository or a pool has: asked for once, written once.
local open = {}
local all = call('ZCARD', INDEX)
local finished = 0

local function learn(of_repo, of_pool)
  if open[of_repo] and open[of_pool] then return end
  local known = call('HMGET', UNFINISHED, of_repo, of_pool)
  open[of_repo] = open[of_repo] or tonumber(known[1] or 0)
  open[of_pool] = open[of_pool] or tonumber(known[2] or 0)
end

-- Takes the room for these jobs, or says what is full.
local function admit(repo, jobs, most, most_of_pool, most_of_repo)
  -- Finished ones count only when it matters.
  if all + #jobs > most and finished == 0 then
    finished = call('ZCARD', DONE)
    all = all - finished
  end
  if all + #jobs > most then return { 'full', 'all', most } end
  local of_repo, full = 'repo ' .. repo, nil
  for _, job in ipairs(jobs) do
    local of_pool = 'pool ' .. job.pool
    learn(of_repo, of_pool)
    open[of_repo], open[of_pool] = open[of_repo] + 1, open[of_pool] + 1
    if open[of_pool] > most_of_pool then full = { 'full', 'pool', most_of_pool } end
  end
  if open[of_repo] > most_of_repo then full = { 'full', 'repository', most_of_repo } end
  if not full then
    all = all + #jobs
    return
  end
  for _, job in ipairs(jobs) do
    local of_pool = 'pool ' .. job.pool
    open[of_repo], open[of_pool] = open[of_repo] - 1, open[of_pool] - 1
  end
  return full
end

local function note_admitted()
  local flat = {}
  for field, number in pairs(open) do
    flat[#flat + 1] = field
    flat[#flat + 1] = whole(number)
  end
  if #flat > 0 then call('HSET', UNFINISHED, unpack(flat)) end
end
`;
