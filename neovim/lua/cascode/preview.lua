-- A buffer that shows the file of a hit, with the function marked.
local M = {}

local hit = require("cascode.hit")

local namespace = vim.api.nvim_create_namespace("cascode.preview")
-- Longer texts are shown without colours: parsing them would be felt at each step through the list.
local MAX_COLOURED_LINES = 20000

--- Colours a buffer without its FileType event, which would start language servers for it.
---@param buffer integer
---@param path string
---@param lines string[]
local function colour(buffer, path, lines)
  vim.treesitter.stop(buffer)
  vim.bo[buffer].syntax = ""
  local filetype = vim.filetype.match({ filename = path, contents = lines })
  if not filetype or #lines > MAX_COLOURED_LINES then
    return
  end
  local language = vim.treesitter.language.get_lang(filetype) or filetype
  if not pcall(vim.treesitter.start, buffer, language) then
    vim.bo[buffer].syntax = filetype
  end
end

--- Puts lines into a buffer that nobody types in.
---@param buffer integer
---@param lines string[]
local function fill(buffer, lines)
  -- A carriage return or a NUL would be shown as a control character, which is right; a newline can not be set.
  lines = vim.tbl_map(function(line)
    return (line:gsub("\n", " "))
  end, lines)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
end

--- Shows a hit in a window's buffer.
---@param window integer
---@param one cascode.Hit
---@param shown? string The URI that the buffer shows already.
---@return string? uri What it shows now; nil where that is no file.
function M.show(window, one, shown)
  local buffer = vim.api.nvim_win_get_buf(window)
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  local path = hit.file(one)
  if not path then
    local lines = hit.team_lines(one)
    fill(buffer, lines)
    colour(buffer, one.path, lines)
    vim.api.nvim_win_set_cursor(window, { 1, 0 })
    return nil
  end
  if shown ~= one.uri then
    local lines = hit.lines(one.uri) or { ("%s can not be read"):format(path) }
    fill(buffer, lines)
    colour(buffer, path, lines)
  end
  local last = vim.api.nvim_buf_line_count(buffer)
  local first_row, last_row = math.min(one.start_line, last), math.min(one.end_line, last)
  for row = first_row, last_row do
    vim.api.nvim_buf_set_extmark(buffer, namespace, row - 1, 0, { line_hl_group = "CursorLine" })
  end
  vim.api.nvim_win_set_cursor(window, { first_row, 0 })
  vim.api.nvim_win_call(window, function()
    -- The start of the function near the top: its body is what one reads.
    vim.cmd("normal! zt" .. vim.keycode("<C-y><C-y>"))
  end)
  return one.uri
end

return M
