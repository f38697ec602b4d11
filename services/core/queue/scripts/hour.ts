/**
 * Lua: how many jobs a repository may begin in an hour. Its hours begin with a first job and follow each other, each
 * with so many places; whoever finds one full has a place in the next that has room. Needs `base`.
 */
export const hour = `
local AN_HOUR = 3600000

-- The hour in which there is room for all of these jobs; a whole one where they are more than any holds.
local function find_hour(repo, jobs, most)
  local from, used = unpack(call('HMGET', HOUR .. repo, 'from', 'jobs'))
  -- A clock that went back keeps nobody waiting for it.
  from = math.min(tonumber(from or now), now)
  -- What an hour that is over has left is gone.
  used = math.max(tonumber(used or 0), math.floor((now - from) / AN_HOUR) * most)
  local taken = used % most
  if taken > 0 and taken + jobs > most then used = used + most - taken end
  return { repo = repo, most = most, from = from, due = from + math.floor(used / most) * AN_HOUR, used = used + jobs }
end

local function take_hour(hour)
  local key = HOUR .. hour.repo
  call('HSET', key, 'from', whole(hour.from), 'jobs', whole(hour.used), 'most', hour.most)
  call('PEXPIREAT', key, whole(hour.from + math.ceil(hour.used / hour.most) * AN_HOUR))
end

-- Jobs that nobody asked about: they begin, and the next find less room.
local function count_in_hour(repo, jobs)
  local most = tonumber(call('HGET', HOUR .. repo, 'most'))
  if not most or jobs == 0 then return end
  local hour = find_hour(repo, 0, most)
  hour.used = hour.used + jobs
  take_hour(hour)
end
`;
