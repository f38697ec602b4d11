/** Lua: whether there is room for more. Needs `base`. */
export const admit = `
-- What unfinished jobs a repository or a pool has: asked for once, written once.
local open, asked = {}, {}
local all = call('ZCARD', INDEX)
local finished = 0

local function unfinished(field)
  if not open[field] then
    open[field] = tonumber(call('HGET', UNFINISHED, field) or 0)
    asked[#asked + 1] = field
  end
  return open[field]
end

-- Takes the room for these jobs, or says what is full.
-- caps: { all, pool, repository }
local function admit(repo, jobs, caps)
  -- Finished ones count only when it matters.
  if all + #jobs > caps[1] and finished == 0 then
    finished = call('ZCARD', DONE)
    all = all - finished
  end
  if all + #jobs > caps[1] then return { 'full', 'all', caps[1] } end
  local wanted = { ['repo ' .. repo] = #jobs }
  if unfinished('repo ' .. repo) + #jobs > caps[3] then return { 'full', 'repository', caps[3] } end
  for _, job in ipairs(jobs) do
    local pool = 'pool ' .. job.pool
    wanted[pool] = (wanted[pool] or 0) + 1
    if unfinished(pool) + wanted[pool] > caps[2] then return { 'full', 'pool', caps[2] } end
  end
  all = all + #jobs
  for field, more in pairs(wanted) do open[field] = open[field] + more end
end

local function note_admitted()
  for _, field in ipairs(asked) do call('HSET', UNFINISHED, field, open[field]) end
end
`;
