-- The window of `:CascodeStatus`, which follows the server's notifications, and `:CascodeLog`.
local M = {}

local client = require("cascode.client")

---@class cascode.StatusWindow
---@field window integer
---@field buffer integer What it shows.
---@field asked integer The buffer whose server it is about.
---@field server integer Id of that server's client.

--- The window that was opened last.
---@type cascode.StatusWindow?
local shown

---@param number any
---@return string
local function count(number)
  return type(number) == "number" and ("%d"):format(number) or "?"
end

--- The lines that say what a status says.
---@param status? cascode.ServerStatus nil where the server has ended.
---@return string[]
function M.lines(status)
  local lines = {}
  local function add(name, text)
    lines[#lines + 1] = (" %-10s %s"):format(name, text)
  end
  if not status then
    add("state", "the server is not running")
    add("", "the next search starts it")
    return lines
  end
  local percent = status.state == "indexing" and require("cascode.status").percent(status)
  add("state", status.state .. (percent and (" %d %%"):format(percent) or ""))
  if type(status.message) == "string" and status.message ~= "" then
    add("", (status.message:gsub("\n", " ")))
  end
  add("definitions", ("%s, %s still to index"):format(count(status.functions), count(status.pending)))
  local files = type(status.files) == "table" and status.files or {}
  add("files", ("%s of %s"):format(count(files.done), count(files.total)))
  if type(status.rate) == "number" then
    add("rate", ("%.0f definitions per second"):format(status.rate))
  end
  local model = type(status.model) == "table" and status.model or {}
  local device = type(model.device) == "string" and (" on " .. model.device) or ""
  add("model", ("%s, %s"):format(model.label or "?", model.loaded and ("loaded" .. device) or "not loaded yet"))
  for reason, number in vim.spairs(type(status.skipped) == "table" and status.skipped or {}) do
    add("skipped", ("%s: %s"):format((reason:gsub("_", " ")), count(number)))
  end
  for _, workspace in ipairs(type(status.workspaces) == "table" and status.workspaces or {}) do
    local note = workspace.read_only and ", written by another process" or ""
    lines[#lines + 1] = ""
    add("workspace", vim.fn.fnamemodify(vim.uri_to_fname(workspace.uri), ":~"))
    add("", ("%s definitions in %s files%s"):format(count(workspace.functions), count(workspace.files), note))
  end
  lines[#lines + 1] = ""
  add("index", vim.fn.fnamemodify(status.index_directory or "?", ":~"))
  add("log", vim.fn.fnamemodify(status.log_file or "?", ":~"))
  add("version", status.version or "?")
  return lines
end

--- Asks the server of a buffer for its status.
---@param bufnr integer
---@param callback fun(status: cascode.ServerStatus, server: vim.lsp.Client)
local function ask(bufnr, callback)
  client.ensure(bufnr, function(server, problem)
    if not server then
      return vim.notify("cascode: " .. problem, vim.log.levels.ERROR)
    end
    client.execute(server, "status", {}, bufnr, function(status, failure)
      if failure then
        vim.notify("cascode: " .. failure, vim.log.levels.ERROR)
      else
        ---@cast status cascode.ServerStatus
        callback(status, server)
      end
    end)
  end)
end

--- The window, if it still shows what it was opened for.
---@return cascode.StatusWindow?
local function open_window()
  local valid = shown
    and vim.api.nvim_win_is_valid(shown.window)
    and vim.api.nvim_win_get_buf(shown.window) == shown.buffer
  return valid and shown or nil
end

--- Writes a status into the window and fits it to the lines.
---@param view cascode.StatusWindow
---@param status? cascode.ServerStatus nil where the server has ended.
local function render(view, status)
  local lines = M.lines(status)
  vim.bo[view.buffer].modifiable = true
  vim.api.nvim_buf_set_lines(view.buffer, 0, -1, false, lines)
  vim.bo[view.buffer].modifiable = false
  local width = 40
  for _, line in ipairs(lines) do
    width = math.max(width, vim.fn.strdisplaywidth(line) + 1)
  end
  width = math.min(width, vim.o.columns - 4)
  local height = math.min(#lines, vim.o.lines - 6)
  vim.api.nvim_win_set_config(view.window, {
    relative = "editor",
    width = width,
    height = height,
    row = math.floor((vim.o.lines - height) / 2) - 1,
    col = math.floor((vim.o.columns - width) / 2),
  })
end

--- Shows what a server has just told, and that it has ended.
---@param client_id integer
local function follow(client_id)
  local view = open_window()
  if not view then
    return
  end
  if not vim.lsp.get_client_by_id(view.server) and vim.api.nvim_buf_is_valid(view.asked) then
    -- The server that a search has started in place of the one that has ended.
    local next_one = client.running(view.asked)
    view.server = next_one and next_one.id or view.server
  end
  if view.server == client_id then
    render(view, require("cascode.status").of(client_id))
  end
end

--- Makes the window and keeps it up to date.
---@return integer window
---@return integer buffer
local function make_window()
  local buffer = vim.api.nvim_create_buf(false, true)
  local window = vim.api.nvim_open_win(buffer, true, {
    relative = "editor",
    width = 1,
    height = 1,
    row = 0,
    col = 0,
    style = "minimal",
    border = "rounded",
    title = " CasCode ",
    title_pos = "center",
    footer = " q closes ",
  })
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].filetype = "cascode-status"
  for _, key in ipairs({ "q", "<Esc>" }) do
    vim.keymap.set("n", key, "<Cmd>close<CR>", { buffer = buffer, nowait = true })
  end
  local group = vim.api.nvim_create_augroup("cascode.status_window", {})
  vim.api.nvim_create_autocmd("User", {
    group = group,
    pattern = "CascodeStatus",
    callback = function(event)
      follow(event.data.client_id)
    end,
  })
  vim.api.nvim_create_autocmd("WinClosed", {
    group = group,
    pattern = tostring(window),
    once = true,
    callback = function()
      vim.api.nvim_clear_autocmds({ group = group })
    end,
  })
  return window, buffer
end

--- Opens the window, or goes to it where it is open.
function M.open()
  local bufnr = vim.api.nvim_get_current_buf()
  local view = open_window()
  -- Asked in the window itself, it is about the same server as before.
  if view and view.buffer == bufnr and vim.api.nvim_buf_is_valid(view.asked) then
    bufnr = view.asked
  end
  ask(bufnr, function(status, server)
    local window, buffer
    view = open_window()
    if view then
      window, buffer = view.window, view.buffer
      vim.api.nvim_set_current_win(window)
    else
      window, buffer = make_window()
    end
    shown = { window = window, buffer = buffer, asked = bufnr, server = server.id }
    render(shown, status)
  end)
end

--- Opens the server's log at its end; it is read again when the window is entered.
function M.open_log()
  ask(vim.api.nvim_get_current_buf(), function(status)
    local path = status.log_file
    if type(path) ~= "string" or not vim.uv.fs_stat(path) then
      return vim.notify(("cascode: no log exists yet at %s"):format(path), vim.log.levels.WARN)
    end
    vim.cmd.split({ vim.fn.fnameescape(path), mods = { split = "botright" } })
    vim.bo.modifiable = false
    vim.bo.readonly = true
    vim.bo.autoread = true
    vim.cmd("normal! G")
  end)
end

return M
