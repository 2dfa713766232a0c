-- One hit: its words for a list, its place in a file, opening it.
local rows = require("cascode.rows")

local M = {}

---@alias cascode.OpenHow "edit"|"split"|"vsplit"|"tab"

--- How sure the model is: "likely", "possible", "weak", or nothing.
---@param hit cascode.Hit
---@return string
function M.certainty(hit)
  -- JSON's null is vim.NIL, which is not a string.
  return type(hit.match) == "string" and hit.match or ""
end

--- Whether a hit is of the team's index: its file is of another repository and lies on no disk here.
---@param hit cascode.Hit
---@return boolean
function M.of_team(hit)
  return type(hit.repository) == "string"
end

--- What stands in for the file of a hit of the team's index.
---@param hit cascode.Hit
---@return string[]
function M.team_lines(hit)
  local lines = vim.split(hit.signature, "\n")
  return vim.list_extend(lines, {
    "",
    ("%s/%s, line %d"):format(hit.repository, hit.path, hit.start_line),
    ("revision %s"):format(hit.revision),
    "",
    "This file is in your team's index, and not in this workspace.",
  })
end

-- As many digits of a commit as `cascode team status` shows.
local COMMIT_DIGITS = 12

--- "path:line", with the workspace in front where several are searched; of a hit of the team's index always with its
--- repository, and with the revision that the line is of.
---@param hit cascode.Hit
---@param several boolean
---@return string
function M.place(hit, several)
  local place = ("%s:%d"):format(hit.path, hit.start_line)
  if M.of_team(hit) then
    local commit = hit.revision:match("^%x+$") and hit.revision:sub(1, COMMIT_DIGITS) or hit.revision
    return ("%s/%s @%s"):format(hit.repository, place, commit)
  end
  return several and ("%s/%s"):format(hit.workspace, place) or place
end

--- One line for a list without columns.
---@param hit cascode.Hit
---@param several boolean
---@return string
function M.label(hit, several)
  local certainty = M.certainty(hit)
  return ("%s  %s%s"):format(hit.name, M.place(hit, several), certainty ~= "" and ("  " .. certainty) or "")
end

--- The file of a hit.
---@param hit cascode.Hit
---@return string? path nil for a hit of the team's index.
function M.file(hit)
  return not M.of_team(hit) and vim.uri_to_fname(hit.uri) or nil
end

--- The loaded buffer of a file, if there is one.
---@param path string
---@return integer?
local function loaded(path)
  -- bufloaded() compares the whole name; bufnr() would read it as a pattern.
  return vim.fn.bufloaded(path) == 1 and vim.fn.bufadd(path) or nil
end

--- The lines of a file as the user sees them: those of its buffer if it is loaded, saved or not.
---@param uri string
---@return string[]? lines nil where the file can not be read.
function M.lines(uri)
  local path = vim.uri_to_fname(uri)
  local bufnr = loaded(path)
  if bufnr then
    return vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
  end
  local ok, lines = pcall(vim.fn.readfile, path)
  return ok and lines or nil
end

--- Row (1-based) and byte column (0-based) of a position, moved into the text where it ends earlier.
---@param position cascode.Position
---@param lines string[]
---@param encoding string The client's `offset_encoding`.
---@return integer row
---@return integer column
function M.position(position, lines, encoding)
  local row, part = rows.row_of(position.line, lines)
  local text = lines[row] or ""
  local start = rows.start_of(text, part)
  return row, start + vim.str_byteindex(text:sub(start + 1), encoding, position.character, false)
end

--- Lets the lines of hits be those that vim counts; positions stay as LSP has them.
---@param hits cascode.Hit[]
---@return cascode.Hit[]
function M.as_vim_counts(hits)
  ---@type table<string, string[]|false>
  local known = {}
  for _, one in ipairs(hits) do
    if known[one.uri] == nil then
      local lines = not M.of_team(one) and M.lines(one.uri) or nil
      known[one.uri] = lines and rows.differ(lines) and lines or false
    end
    local lines = known[one.uri]
    if lines then
      one.start_line = rows.row_of(one.start_line - 1, lines)
      one.end_line = rows.row_of(one.end_line - 1, lines)
    end
  end
  return hits
end

--- Where the name of a hit's function stands, in its file as it is now.
---@param hit cascode.Hit
---@param encoding string
---@return integer row 1-based.
---@return integer column 0-based, in bytes.
function M.target(hit, encoding)
  local lines = not M.of_team(hit) and M.lines(hit.uri) or nil
  if not lines then
    return hit.start_line, 0
  end
  return M.position(hit.selectionRange.start, lines, encoding)
end

--- An entry of the quickfix list.
---@param hit cascode.Hit
---@param encoding string
---@return vim.quickfix.entry
function M.quickfix_entry(hit, encoding)
  local certainty = M.certainty(hit)
  local text = (certainty ~= "" and ("[%s] "):format(certainty) or "") .. hit.signature
  if M.of_team(hit) then
    -- The list shows a module in place of a file's name. A line of its own would be gone to in whatever file is open.
    return { module = M.place(hit, false), text = text, user_data = hit }
  end
  local row, column = M.target(hit, encoding)
  return {
    filename = M.file(hit),
    lnum = row,
    end_lnum = hit.end_line,
    col = column + 1,
    text = text,
    user_data = hit,
  }
end

local SPLITS = { split = "split", vsplit = "vsplit", tab = "tab split" }

--- Whether a window shows a file or an empty buffer, not a list, a terminal or a side bar.
---@param window integer
---@return boolean
local function is_plain(window)
  local buffer = vim.api.nvim_win_get_buf(window)
  return vim.bo[buffer].buftype == "" and vim.api.nvim_win_get_config(window).relative == ""
end

--- Leaves the quickfix window, a side bar and the like for a window with a file, if the tab page has one.
local function go_to_plain_window()
  local previous = vim.fn.win_getid(vim.fn.winnr("#"))
  local windows = vim.list_extend({ previous }, vim.api.nvim_tabpage_list_wins(0))
  if is_plain(0) then
    return
  end
  for _, window in ipairs(windows) do
    if window ~= 0 and is_plain(window) then
      vim.api.nvim_set_current_win(window)
      return
    end
  end
  -- A start screen gives way to the file; a list or a help text does not.
  if vim.list_contains({ "quickfix", "help", "prompt" }, vim.bo.buftype) then
    vim.cmd("aboveleft split")
  end
end

--- Shows a buffer in the current window, or in a new one where the current one can not give up its own.
---@param bufnr integer
---@return string? problem
local function show(bufnr)
  local current = vim.api.nvim_get_current_buf()
  if current == bufnr then
    return
  end
  local kept = vim.bo[current].modified and not vim.o.hidden and vim.bo[current].bufhidden == ""
  if vim.wo.winfixbuf or (kept and #vim.fn.win_findbuf(current) == 1) then
    vim.cmd("split")
    vim.wo.winfixbuf = false
  end
  -- A swap file's question may be answered with "quit": then the buffer is not there.
  local ok, problem = pcall(vim.api.nvim_win_set_buf, 0, bufnr)
  return not ok and tostring(problem) or nil
end

--- Opens a hit: the place before goes into the jump list and the tag stack, the function's name is centred.
---@param hit cascode.Hit
---@param encoding string
---@param how? cascode.OpenHow
---@return boolean opened
function M.open(hit, encoding, how)
  local path = M.file(hit)
  if not path then
    vim.notify(
      ("cascode: %s is in your team's index, and not in this workspace: there is no file to open"):format(
        M.place(hit, false)
      )
    )
    return false
  end
  if not loaded(path) and not vim.uv.fs_stat(path) then
    vim.notify(("cascode: %s was deleted; the next update removes it from the index"):format(path), vim.log.levels.WARN)
    return false
  end
  go_to_plain_window()
  local from = { vim.api.nvim_get_current_buf(), vim.fn.line("."), vim.fn.col("."), 0 }
  if SPLITS[how] then
    vim.cmd(SPLITS[how])
  end
  vim.cmd("normal! m'")
  vim.fn.settagstack(vim.api.nvim_get_current_win(), { items = { { tagname = hit.name, from = from } } }, "t")
  local bufnr = vim.uri_to_bufnr(hit.uri)
  vim.bo[bufnr].buflisted = true
  local problem = show(bufnr)
  if problem then
    vim.notify("cascode: " .. problem, vim.log.levels.ERROR)
    return false
  end
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
  local row, column = M.position(hit.selectionRange.start, lines, encoding)
  vim.api.nvim_win_set_cursor(0, { row, column })
  vim.cmd("normal! zvzz")
  return true
end

return M
