-- One search from its question to its last answer; pickers listen to it.

---@alias cascode.Phase "waiting"|"fast"|"done"|"failed"|"cancelled"

---@class cascode.Session
---@field title string What was asked, for titles.
---@field phase cascode.Phase
---@field hits cascode.Hit[]
---@field answer? cascode.Answer
---@field encoding string
---@field several boolean Whether several workspaces are searched.
---@field problem? string
---@field package listeners (fun(session: cascode.Session))[]
---@field package stop? fun()
local Session = {}
Session.__index = Session

--- A session that waits for its first answer.
---@param title string
---@return cascode.Session
function Session.new(title)
  return setmetatable(
    { title = title, phase = "waiting", hits = {}, encoding = "utf-16", several = false, listeners = {} },
    Session
  )
end

--- Calls a function at each change from now on.
---@param listener fun(session: cascode.Session)
function Session:listen(listener)
  table.insert(self.listeners, listener)
end

--- Whether something can still change.
---@return boolean
function Session:is_open()
  return self.phase == "waiting" or self.phase == "fast"
end

---@param phase cascode.Phase
function Session:advance(phase)
  if not self:is_open() then
    return
  end
  self.phase = phase
  for _, listener in ipairs(self.listeners) do
    listener(self)
  end
end

--- Takes an answer of the fast stage or the last one.
---@param answer cascode.Answer
---@param phase "fast"|"done"
function Session:take(answer, phase)
  if self:is_open() then
    self.answer = answer
    self.hits = type(answer.hits) == "table" and answer.hits or {}
    self:advance(phase)
  end
end

---@param problem string
function Session:fail(problem)
  self.problem = problem
  self:advance("failed")
end

--- Cancels the search, also on the server.
function Session:cancel()
  if self:is_open() then
    local stop = self.stop
    self:advance("cancelled")
    if stop then
      stop()
    end
  end
end

--- 12345 -> "12,345".
---@param number integer
---@return string
local function grouped(number)
  local text = tostring(number):reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (text:gsub("^,", ""))
end

--- What there is to know about the answer, in a few words: what a picker shows beside its title.
---@return string
function Session:summary()
  local parts = {}
  local index = self.answer and self.answer.index or {}
  if self.phase == "waiting" then
    return "searching"
  end
  parts[#parts + 1] = #self.hits == 1 and "1 hit" or ("%d hits"):format(#self.hits)
  if self.answer and self.answer.confident == false and #self.hits > 0 then
    parts[#parts + 1] = "nothing matches well"
  end
  if (index.pending or 0) > 0 then
    parts[#parts + 1] = ("%s of %s definitions to index"):format(grouped(index.pending), grouped(index.functions or 0))
  elseif index.state == "indexing" then
    parts[#parts + 1] = "still indexing"
  end
  if index.state == "paused" then
    parts[#parts + 1] = "indexing is paused"
  end
  if self.phase == "fast" then
    parts[#parts + 1] = "ordering"
  end
  -- Last, since it is the longest and a title may be cut. JSON's null is vim.NIL, which is not a string.
  if self.answer and type(self.answer.team_note) == "string" then
    parts[#parts + 1] = self.answer.team_note
  end
  return table.concat(parts, ", ")
end

return Session
