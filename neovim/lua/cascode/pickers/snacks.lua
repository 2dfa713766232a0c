-- Hits in the picker of snacks.nvim: shown with the fast stage's answer, put in order with the last one. Opening is its
-- own: it keeps jump list and tag stack, centres, and knows the user's keys.
local M = {}

local hit = require("cascode.hit")

--- A session's hits as items of the picker.
---@param session cascode.Session
---@return table[]
local function items(session)
  return vim.tbl_map(function(one)
    if hit.of_team(one) then
      local preview = { text = table.concat(hit.team_lines(one), "\n"), loc = false }
      return { text = hit.label(one, session.several), preview = preview, hit = one }
    end
    local row, column = hit.target(one, session.encoding)
    return {
      text = hit.label(one, session.several),
      file = hit.file(one),
      pos = { row, column },
      end_pos = { one.end_line, 0 },
      preview = "file",
      hit = one,
    }
  end, session.hits)
end

--- Opens what was chosen, and says of hits of the team's index why they do not open.
---@param session cascode.Session
---@param picker table
---@param action? table
local function confirm(session, picker, action)
  local files = false
  for _, item in ipairs(picker:selected({ fallback = true })) do
    if item.file then
      files = true
    else
      picker.list:unselect(item)
      hit.open(item.hit, session.encoding)
    end
  end
  if files then
    require("snacks.picker.actions").jump(picker, nil, action or {})
  else
    picker:close()
  end
end

---@param session cascode.Session
function M.show(session)
  local snacks = require("snacks")
  local picker
  session:listen(function()
    if session.phase ~= "fast" and session.phase ~= "done" then
      return
    end
    if picker then
      if not picker.closed then
        picker:find({ refresh = true })
      end
      return
    end
    if #session.hits == 0 then
      return
    end
    picker = snacks.picker.pick({
      source = "cascode",
      title = ("%s (%s)"):format(session.title, session:summary()),
      finder = function()
        return items(session)
      end,
      format = function(item)
        local certainty = hit.certainty(item.hit)
        return {
          { item.hit.name, "SnacksPickerLabel" },
          { "  " },
          { hit.place(item.hit, session.several), "SnacksPickerDir" },
          { certainty ~= "" and ("  " .. certainty) or "", "SnacksPickerComment" },
        }
      end,
      preview = "preview",
      confirm = function(open, _, action)
        confirm(session, open, action)
      end,
      -- Without words to narrow by, the order is that of the answer.
      sort = { fields = { "score:desc", "idx" } },
    })
  end)
end

return M
