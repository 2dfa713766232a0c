-- Hits in Telescope: shown with the fast stage's answer, put in order with the last one.
local M = {}

local hit = require("cascode.hit")
local telescope_actions = require("telescope.actions")
local action_state = require("telescope.actions.state")
local finders = require("telescope.finders")
local pickers = require("telescope.pickers")

--- The finder of a session's hits as they are now.
---@param session cascode.Session
---@return table
local function finder(session)
  return finders.new_table({
    results = session.hits,
    entry_maker = function(one)
      local label = hit.label(one, session.several)
      return {
        value = one,
        display = label,
        ordinal = label,
        -- What Telescope writes into the quickfix list.
        text = label,
        -- Without a name Telescope would take the value for one; the empty one has no preview.
        filename = hit.file(one) or "",
        lnum = one.start_line,
        lend = one.end_line,
        col = 1,
      }
    end,
  })
end

--- Opens the chosen hit with our own jump: jump list, tag stack, centred.
---@param session cascode.Session
---@param how cascode.OpenHow
---@return fun(prompt: integer)
local function opener(session, how)
  return function(prompt)
    local entry = action_state.get_selected_entry()
    telescope_actions.close(prompt)
    if entry then
      hit.open(entry.value, session.encoding, how)
    end
  end
end

---@param session cascode.Session
---@param opts? table Options of Telescope, such as a theme.
function M.show(session, opts)
  opts = opts or {}
  local conf = require("telescope.config").values
  local picker
  session:listen(function()
    if session.phase ~= "fast" and session.phase ~= "done" then
      return
    end
    if picker then
      if picker.prompt_bufnr and vim.api.nvim_buf_is_valid(picker.prompt_bufnr) then
        picker:refresh(finder(session), { reset_prompt = false })
      end
      return
    end
    if #session.hits == 0 then
      return
    end
    picker = pickers.new(opts, {
      prompt_title = "Narrow the hits",
      results_title = ("%s (%s)"):format(session.title, session:summary()),
      finder = finder(session),
      previewer = conf.grep_previewer(opts),
      sorter = conf.generic_sorter(opts),
      attach_mappings = function()
        telescope_actions.select_default:replace(opener(session, "edit"))
        telescope_actions.select_horizontal:replace(opener(session, "split"))
        telescope_actions.select_vertical:replace(opener(session, "vsplit"))
        telescope_actions.select_tab:replace(opener(session, "tab"))
        return true
      end,
    })
    picker:find()
  end)
end

return M
