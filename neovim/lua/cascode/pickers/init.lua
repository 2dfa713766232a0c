-- Chooses what shows the hits. A picker is a module with `show(session)`; it listens to the session.
local M = {}

-- Name in the configuration -> our module, and the plugin that it needs.
local PICKERS = {
  select = { module = "cascode.pickers.select" },
  window = { module = "cascode.pickers.window" },
  quickfix = { module = "cascode.quickfix" },
  snacks = { module = "cascode.pickers.snacks", needs = "snacks" },
  telescope = { module = "cascode.pickers.telescope", needs = "telescope" },
  ["fzf-lua"] = { module = "cascode.pickers.fzf_lua", needs = "fzf-lua" },
}

-- Those that can show the fast stage's hits and then reorder them come first.
local PREFERENCE = { "snacks", "telescope", "fzf-lua" }

--- Whether a picker can be used.
---@param name string
---@return boolean
function M.available(name)
  local picker = PICKERS[name]
  if not picker then
    return false
  end
  -- Loading is the test: a plugin manager's loader finds plugins that are not loaded yet.
  return picker.needs == nil or (pcall(require, picker.needs))
end

--- Whether a plugin has put its own in place of Neovim's `vim.ui.select()`, a numbered list without a preview.
---@return boolean
local function has_select()
  local source = vim.fs.normalize(debug.getinfo(vim.ui.select, "S").source)
  return not vim.endswith(source, "vim/ui.lua")
end

--- The picker that "auto" stands for.
---@return string
function M.automatic()
  for _, name in ipairs(PREFERENCE) do
    if M.available(name) then
      return name
    end
  end
  return has_select() and "select" or "window"
end

--- Shows a session.
---@param session cascode.Session
---@param picker? cascode.PickerName Instead of the configured one.
function M.show(session, picker)
  local chosen = picker or require("cascode.config").get().picker
  if type(chosen) == "function" then
    return chosen(session)
  end
  if chosen == "auto" then
    chosen = M.automatic()
  elseif not M.available(chosen) then
    vim.notify_once(
      ("cascode: picker %q is not installed; %q is used"):format(chosen, M.automatic()),
      vim.log.levels.WARN
    )
    chosen = M.automatic()
  end
  require(PICKERS[chosen].module).show(session)
end

return M
