-- Hits in the quickfix list.
local M = {}

local hit = require("cascode.hit")

--- The quickfix list that a session fills.
---@param session cascode.Session
---@return table what As for |setqflist-what|.
local function list(session)
  return {
    title = ("CasCode: %s (%s)"):format(session.title, session:summary()),
    items = vim.tbl_map(function(one)
      return hit.quickfix_entry(one, session.encoding)
    end, session.hits),
    context = { cascode = session.title },
  }
end

--- Puts the hits of a session into a new quickfix list and opens its window.
---@param session cascode.Session
---@return integer id
function M.send(session)
  vim.fn.setqflist({}, " ", list(session))
  vim.cmd("botright copen")
  return vim.fn.getqflist({ id = 0 }).id
end

--- Shows a session in the quickfix list: at its first hits, and again when they are in their last order.
---@param session cascode.Session
function M.show(session)
  local id
  session:listen(function()
    if session.phase ~= "fast" and session.phase ~= "done" then
      return
    end
    if not id then
      if #session.hits > 0 then
        id = M.send(session)
      end
      return
    end
    -- The user may be on an entry already: the list is replaced under its id, the position stays.
    local what = list(session)
    what.id = id
    vim.fn.setqflist({}, "r", what)
  end)
end

return M
