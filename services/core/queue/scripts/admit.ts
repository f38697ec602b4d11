/** Lua: whether there is room for more. Needs `base`. */
export const admit = `
-- What unfinished jobs a repository or a pool has: asked for once, written once.
local open = {}
local all = call('ZCARD', INDEX)
local finished = 0

local function learn(fields)
  local unknown = {}
  for _, field in ipairs(fields) do
    if not open[field] then unknown[#unknown + 1] = field end
  end
  if #unknown == 0 then return end
  for i, number in ipairs(call('HMGET', UNFINISHED, unpack(unknown))) do open[unknown[i]] = tonumber(number or 0) end
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
  local of_repo = 'repo ' .. repo
  local wanted, fields = { [of_repo] = #jobs }, { of_repo }
  for _, job in ipairs(jobs) do
    local pool = 'pool ' .. job.pool
    if not wanted[pool] then fields[#fields + 1] = pool end
    wanted[pool] = (wanted[pool] or 0) + 1
  end
  learn(fields)
  if open[of_repo] + #jobs > caps[3] then return { 'full', 'repository', caps[3] } end
  for i = 2, #fields do
    if open[fields[i]] + wanted[fields[i]] > caps[2] then return { 'full', 'pool', caps[2] } end
  end
  all = all + #jobs
  for field, more in pairs(wanted) do open[field] = open[field] + more end
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
