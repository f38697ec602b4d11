/** Lua: a movement of a ref, in few bytes. */
export const movement = `
-- Short enough for a small hash: half of a commit's id is as good.
local function shorten(sha) return string.sub(sha, 1, 20) end
local function to_place(epoch, sha) return epoch .. ' ' .. shorten(sha) end
-- With a + where the movement began where the head was.
local function to_move(request)
  return (request.epoch or 0) .. ' ' .. (request.moved and '+' or '') .. shorten(request.after)
end
`;

/**
 * Lua: of the pipelines of one ref and event only the newest goes on. Needs `finish`, `movement`.
 *
 * Which is newer the movements say, and not the order in which they come: one begins where another has ended. So the
 * trail keeps where each led to. What began at the head is newer than all that did so before it; of what came out of
 * order only the trail says. Where a ref was removed it begins anew, in another epoch.
 */
export const lane = `
local function note_trail(request, remembered)
  if not request.before then return end
  local trail = TRAIL .. request.lane
  call('HSET', trail, to_place(request.epoch or 0, request.before), shorten(request.after))
  call('PEXPIRE', trail, remembered)
end

-- Where the ref went from here, as far as is known.
local function follow(trail, epoch, sha)
  local reached, last = {}, nil
  for _ = 1, 1000 do
    sha = call('HGET', trail, to_place(epoch, sha))
    if not sha or reached[sha] then break end
    reached[sha], last = true, sha
  end
  return reached, last
end

-- Stops what is older than the request; and the request's own jobs, if a newer one came before it. The last made is
-- stopped first, so that none goes on because what it needs has ended.
local function clear_lane(request)
  local epoch, after, trail = request.epoch or 0, shorten(request.after), TRAIL .. request.lane
  local newer, last = follow(trail, epoch, after)
  local all, pipelines, isOlder = {}, {}, {}
  for _, id in ipairs(call('SMEMBERS', LANE .. request.lane)) do
    local pipeline, move = unpack(call('HMGET', JOB .. id, 'pipeline', 'move'))
    local of, ordered, to = string.match(move or '0 +', '^(%d+) (%+?)(%x*)$')
    local seq = tonumber(call('ZSCORE', INDEX, id) or 0)
    -- What comes behind it in the same call has its own turn.
    if seq <= request.seq then
      all[#all + 1] = {
        id = id, pipeline = pipeline, seq = seq, to = tonumber(of) == epoch and to or '',
        past = tonumber(of) < epoch or request.moved and ordered == '+',
      }
    end
  end
  table.sort(all, function(a, b) return a.seq > b.seq end)
  for _, each in ipairs(all) do
    pipelines[each.to] = each.pipeline
  end
  local function leads_here(to)
    if isOlder[to] == nil then isOlder[to] = follow(trail, epoch, to)[after] or false end
    return isOlder[to]
  end
  local function by(sha, pipeline)
    return 'the newer commit ' .. string.sub(sha, 1, 12) .. (pipeline and ', pipeline ' .. pipeline or '')
  end
  for _, each in ipairs(all) do
    local stopped_by
    if each.pipeline == request.pipeline then
      stopped_by = last and by(last, pipelines[last])
    elseif not newer[each.to] and (each.past or leads_here(each.to)) then
      stopped_by = by(after, request.pipeline)
    end
    local job = stopped_by and read(each.id)
    if job and not job.finished then stop(job, stopped_by) end
  end
end
`;
