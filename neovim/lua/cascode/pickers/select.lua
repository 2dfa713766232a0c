-- Hits through `vim.ui.select()`, whatever stands behind it. It takes one list: that of the last answer.
local M = {}

local hit = require("cascode.hit")

---@param session cascode.Session
function M.show(session)
  session:listen(function()
    if session.phase ~= "done" or #session.hits == 0 then
      return
    end
    vim.ui.select(session.hits, {
      prompt = ("%s (%s)"):format(session.title, session:summary()),
      kind = "cascode",
      format_item = function(one)
        return hit.label(one, session.several)
      end,
    }, function(one)
      if one then
        hit.open(one, session.encoding)
      end
    end)
  end)
end

return M
