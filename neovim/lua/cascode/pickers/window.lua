-- Our own picker, where no other is installed: a list and a preview in two floating windows. The fast stage's hits are
-- shown at once; when the last answer arrives the list is put in its order.
local M = {}

local hit = require("cascode.hit")
local preview = require("cascode.preview")

local namespace = vim.api.nvim_create_namespace("cascode.window")
-- From this width on, the preview has room for 80 columns beside the list.
local SIDE_BY_SIDE_COLUMNS = 130
local KEYS = " <CR> open  <C-s> split  <C-v> vsplit  <C-t> tab  <C-q> quickfix  q close "

---@class cascode.Window
---@field session cascode.Session
---@field list integer Window of the list.
---@field view integer Window of the preview.
---@field before integer The window that the user came from.
---@field shown? string URI in the preview.
---@field group integer Its autocommands.
---@field row integer Line of the list that is previewed.
---@field moved boolean Whether the user chose a line.
---@field drawn [string, string][] URI and name of each line of the list.
local Window = {}
Window.__index = Window

--- Sizes and places of the two windows.
---@return table list, table view As for |nvim_open_win()|.
local function layout()
  local width = math.max(math.floor(vim.o.columns * 0.9), math.min(vim.o.columns - 4, 40))
  local height = math.max(math.floor((vim.o.lines - 4) * 0.8), 6)
  local row = math.max(math.floor((vim.o.lines - height) / 2) - 1, 0)
  local col = math.max(math.floor((vim.o.columns - width) / 2), 0)
  local common = { relative = "editor", style = "minimal", border = "rounded" }
  local list, view
  -- Two borders stand between the windows.
  if vim.o.columns >= SIDE_BY_SIDE_COLUMNS then
    local left = math.floor(width * 0.42)
    list = { width = left, height = height, row = row, col = col }
    view = { width = width - left - 2, height = height, row = row, col = col + left + 2 }
  else
    local top = math.max(math.floor(height * 0.4), 2)
    list = { width = width, height = top, row = row, col = col }
    view = { width = width, height = math.max(height - top - 2, 2), row = row + top + 2, col = col }
  end
  return vim.tbl_extend("force", common, list), vim.tbl_extend("force", common, view)
end

--- A buffer that leaves nothing behind.
---@return integer
local function scratch()
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].modifiable = false
  return buffer
end

---@return boolean
function Window:is_open()
  return vim.api.nvim_win_is_valid(self.list) and vim.api.nvim_win_is_valid(self.view)
end

--- Closes both windows; a search that still runs is given up.
function Window:close()
  pcall(vim.api.nvim_del_augroup_by_id, self.group)
  for _, window in ipairs({ self.list, self.view }) do
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_close(window, true)
    end
  end
  if vim.api.nvim_win_is_valid(self.before) then
    vim.api.nvim_set_current_win(self.before)
  end
  self.session:cancel()
end

--- The hit under the cursor.
---@return cascode.Hit?
function Window:current()
  return self.session.hits[vim.api.nvim_win_get_cursor(self.list)[1]]
end

---@param how cascode.OpenHow
function Window:open(how)
  local one = self:current()
  if one then
    self:close()
    hit.open(one, self.session.encoding, how)
  end
end

--- Writes the hits, each with its certainty, name and place.
function Window:render()
  local session = self.session
  local chosen = self.moved and self.drawn[self.row] or nil
  local lines, marks = {}, {}
  for row, one in ipairs(session.hits) do
    local certainty = ("%-8s"):format(hit.certainty(one))
    local name, place = one.name, hit.place(one, session.several)
    lines[row] = ("%s %s  %s"):format(certainty, name, place)
    marks[row] = { 0, #certainty, "Number", #certainty + 1, #certainty + 1 + #name, "Function", #certainty + 3 + #name }
  end
  local buffer = vim.api.nvim_win_get_buf(self.list)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  for row, mark in ipairs(marks) do
    local function paint(from, to, group)
      vim.api.nvim_buf_set_extmark(buffer, namespace, row - 1, from, { end_col = to, hl_group = group })
    end
    paint(mark[1], mark[2], mark[3])
    paint(mark[4], mark[5], mark[6])
    paint(mark[7], #lines[row], "Comment")
  end
  local function title(text, window_width)
    return (" %s "):format(vim.fn.strcharpart(text, 0, window_width - 4))
  end
  local config = layout()
  vim.api.nvim_win_set_config(self.list, {
    title = title((session.title:gsub("%s+", " ")), config.width),
    footer = title(session:summary(), config.width),
  })
  -- The line that the user chose stays chosen wherever the new order puts it; otherwise the best hit is.
  local row = 1
  for number, one in ipairs(session.hits) do
    if chosen and one.uri == chosen[1] and one.name == chosen[2] then
      row = number
    end
  end
  self.drawn = vim.tbl_map(function(one)
    return { one.uri, one.name }
  end, session.hits)
  self.row = row
  vim.api.nvim_win_set_cursor(self.list, { row, 0 })
  self:follow()
end

--- Shows the hit under the cursor in the preview.
function Window:follow()
  local one = self:current()
  if one and self:is_open() then
    self.shown = preview.show(self.view, one, self.shown)
    vim.api.nvim_win_set_config(self.view, {
      title = (" %s "):format(hit.place(one, false)),
      footer = KEYS,
    })
  end
end

function Window:keymaps()
  local buffer = vim.api.nvim_win_get_buf(self.list)
  local function map(keys, run)
    for _, key in ipairs(keys) do
      vim.keymap.set("n", key, run, { buffer = buffer, nowait = true, silent = true })
    end
  end
  local function open(how)
    return function()
      self:open(how)
    end
  end
  map({ "<CR>", "<2-LeftMouse>" }, open("edit"))
  map({ "<C-s>", "<C-x>" }, open("split"))
  map({ "<C-v>" }, open("vsplit"))
  map({ "<C-t>" }, open("tab"))
  map({ "q", "<Esc>", "<C-c>" }, function()
    self:close()
  end)
  map({ "<C-q>" }, function()
    local session = self.session
    local unfinished = session:is_open()
    self:close()
    -- Closing gives a running search up: what is there goes into the list.
    require("cascode.quickfix").send(session)
    if unfinished then
      vim.notify("cascode: these are the fast stage's hits")
    end
  end)
  map({ "<C-n>", "<Tab>" }, "j")
  map({ "<C-p>", "<S-Tab>" }, "k")
  for key, scroll in pairs({ ["<C-f>"] = "<C-d>", ["<C-b>"] = "<C-u>" }) do
    map({ key }, function()
      vim.api.nvim_win_call(self.view, function()
        vim.cmd("normal! " .. vim.keycode(scroll))
      end)
    end)
  end
end

--- Keeps the preview at the cursor, the windows in their places, and neither open without the other.
function Window:autocmds()
  local group = vim.api.nvim_create_augroup(("cascode.window.%d"):format(self.list), {})
  self.group = group
  local buffer = vim.api.nvim_win_get_buf(self.list)
  vim.api.nvim_create_autocmd("CursorMoved", {
    group = group,
    buffer = buffer,
    callback = function()
      local row = vim.api.nvim_win_get_cursor(self.list)[1]
      -- Drawing the list moves the cursor too; that is not a choice.
      if row ~= self.row then
        self.row = row
        self.moved = true
        self:follow()
      end
    end,
  })
  vim.api.nvim_create_autocmd("VimResized", {
    group = group,
    callback = function()
      local list, view = layout()
      vim.api.nvim_win_set_config(self.list, list)
      vim.api.nvim_win_set_config(self.view, view)
    end,
  })
  vim.api.nvim_create_autocmd({ "WinEnter", "WinClosed" }, {
    group = group,
    callback = vim.schedule_wrap(function()
      local here = vim.api.nvim_get_current_win()
      if not self:is_open() or (here ~= self.list and here ~= self.view) then
        -- The user went elsewhere, or closed one of the two: they stay where they are.
        self.before = self:is_open() and here or self.before
        self:close()
      end
    end),
  })
end

--- Opens the windows for a session that has hits.
---@param session cascode.Session
---@return cascode.Window
local function open(session)
  local before = vim.api.nvim_get_current_win()
  local list_config, view_config = layout()
  view_config.focusable = true
  local view = vim.api.nvim_open_win(scratch(), false, view_config)
  local list = vim.api.nvim_open_win(scratch(), true, list_config)
  vim.wo[list].cursorline = true
  vim.wo[list].wrap = false
  vim.wo[view].number = true
  vim.wo[view].wrap = false
  vim.bo[vim.api.nvim_win_get_buf(list)].filetype = "cascode-hits"
  if vim.fn.mode() == "i" then
    vim.cmd.stopinsert()
  end
  local window = setmetatable({
    session = session,
    list = list,
    view = view,
    before = before,
    row = 1,
    moved = false,
    drawn = {},
  }, Window)
  window:autocmds()
  window:keymaps()
  window:render()
  return window
end

---@param session cascode.Session
function M.show(session)
  local window
  session:listen(function()
    if session.phase ~= "fast" and session.phase ~= "done" then
      return
    end
    if window then
      if window:is_open() and #session.hits > 0 then
        window:render()
      elseif window:is_open() then
        window:close()
      end
    elseif #session.hits > 0 then
      window = open(session)
    end
  end)
end

return M
