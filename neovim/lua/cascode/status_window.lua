-- The window of `:CascodeStatus`, which follows the server's notifications, and `:CascodeLog`.
local M = {}

local client = require("cascode.client")

---@param number any
---@return string
local function count(number)
  return type(number) == "number" and ("%d"):format(number) or "?"
end

--- The lines that say what a status says.
---@param status cascode.ServerStatus
---@return string[]
function M.lines(status)
  local lines = {}
  local function add(name, text)
    lines[#lines + 1] = (" %-10s %s"):format(name, text)
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

--- Asks the server of the current buffer for its status.
---@param callback fun(status: cascode.ServerStatus, server: vim.lsp.Client)
local function ask(callback)
  local bufnr = vim.api.nvim_get_current_buf()
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

--- Writes a status into the window's buffer and fits the window to it.
---@param buffer integer
---@param window integer
---@param status cascode.ServerStatus
local function render(buffer, window, status)
  local lines = M.lines(status)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  local width = 40
  for _, line in ipairs(lines) do
    width = math.max(width, vim.fn.strdisplaywidth(line) + 1)
  end
  width = math.min(width, vim.o.columns - 4)
  local height = math.min(#lines, vim.o.lines - 6)
  vim.api.nvim_win_set_config(window, {
    relative = "editor",
    width = width,
    height = height,
    row = math.floor((vim.o.lines - height) / 2) - 1,
    col = math.floor((vim.o.columns - width) / 2),
  })
end

--- Opens the window, or goes to it where it is open.
function M.open()
  ask(function(status, server)
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
    render(buffer, window, status)
    for _, key in ipairs({ "q", "<Esc>" }) do
      vim.keymap.set("n", key, "<Cmd>close<CR>", { buffer = buffer, nowait = true })
    end
    local group = vim.api.nvim_create_augroup("cascode.status_window", {})
    vim.api.nvim_create_autocmd("User", {
      group = group,
      pattern = "CascodeStatus",
      callback = function(event)
        local latest = require("cascode.status").of(server.id)
        if event.data.client_id == server.id and latest and vim.api.nvim_win_is_valid(window) then
          render(buffer, window, latest)
        end
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
  end)
end

--- Opens the server's log at its end; it is read again when the window is entered.
function M.open_log()
  ask(function(status)
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
