-- The one seam to the server: finds or starts its client and sends commands.
local M = {}

local NAME = "cascode"
-- The server answers `initialize` in well under a second; a cold disk takes longer.
local START_LIMIT_MS = 30000
local ENDED = "the server has exited; the next search restarts it"
-- Short enough not to be felt in front of the first search.
local POLL_MS = 20

--- The answers that are still owed, by client.
---@type table<integer, table<fun(result: table?, problem: string?, cancelled: boolean), true>>
local waiting = {}

--- What is wrong with the command of the server, or nothing.
---@param cmd any
---@return string?
function M.missing(cmd)
  if type(cmd) ~= "table" or vim.fn.executable(cmd[1]) == 1 then
    return nil
  end
  return ("the server %q was not found; install it with `pip install cascode`, or name it: "):format(cmd[1])
    .. 'vim.lsp.config("cascode", { cmd = { "/path/to/cascode", "serve", "--stdio" } })'
end

--- Whether a client looks after a folder.
---@param client vim.lsp.Client
---@param root string
---@return boolean
local function has_folder(client, root)
  for _, folder in ipairs(client.workspace_folders or {}) do
    if vim.fs.normalize(vim.uri_to_fname(folder.uri)) == root then
      return true
    end
  end
  return client.root_dir ~= nil and vim.fs.normalize(client.root_dir) == root
end

--- The running client of a buffer: the one attached to it, else the one of the workspace a search from it would have.
---@param bufnr integer
---@return vim.lsp.Client?
function M.running(bufnr)
  local attached = vim.lsp.get_clients({ name = NAME, bufnr = bufnr })[1]
  if attached then
    return attached
  end
  local root = require("cascode.root").asked(bufnr)
  for _, client in ipairs(vim.lsp.get_clients({ name = NAME })) do
    if root and has_folder(client, root) then
      return client
    end
  end
end

--- Calls back when a client has been initialized, or with the reason why it was not.
---@param id integer
---@param callback fun(client: vim.lsp.Client?, problem: string?)
local function when_initialized(id, callback)
  local timer = assert(vim.uv.new_timer())
  local deadline = vim.uv.now() + START_LIMIT_MS
  local function finish(...)
    timer:stop()
    timer:close()
    callback(...)
  end
  timer:start(
    0,
    POLL_MS,
    vim.schedule_wrap(function()
      if timer:is_closing() then
        return
      end
      local client = vim.lsp.get_client_by_id(id)
      if not client or client:is_stopped() then
        finish(nil, ("the server exited during startup; see %s"):format(vim.lsp.log.get_filename()))
      elseif client.initialized then
        finish(client)
      elseif vim.uv.now() > deadline then
        finish(
          nil,
          ("the server did not answer in %d seconds; see %s"):format(START_LIMIT_MS / 1000, vim.lsp.log.get_filename())
        )
      end
    end)
  )
end

--- Shows the server the unsaved buffers of its workspace that it does not follow: where it is not enabled for every
--- file, only the buffer that started it is attached.
---@param client vim.lsp.Client
local function attach_unsaved(client)
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.bo[bufnr].modified and not client.attached_buffers[bufnr] then
      local root = require("cascode.root").automatic(bufnr)
      if root and has_folder(client, root) then
        vim.lsp.buf_attach_client(bufnr, client.id)
      end
    end
  end
end

--- Gives the client of a buffer, and starts it where none runs.
---@param bufnr integer
---@param on_client fun(client: vim.lsp.Client?, problem: string?)
function M.ensure(bufnr, on_client)
  local function callback(client, problem)
    if client then
      attach_unsaved(client)
    end
    on_client(client, problem)
  end
  local client = M.running(bufnr)
  if client then
    return callback(client)
  end
  local root, problem = require("cascode.root").asked(bufnr)
  if not root then
    return callback(nil, problem)
  end
  local config = vim.deepcopy(vim.lsp.config[NAME])
  local missing = M.missing(config.cmd)
  if missing then
    return callback(nil, missing)
  end
  config.name = NAME
  config.root_dir = root
  -- A buffer outside the workspace is searched from, but is none of the server's.
  local id = vim.lsp.start(config, { bufnr = bufnr, attach = require("cascode.root").automatic(bufnr) == root })
  if not id then
    return callback(nil, ("%s could not be started; see %s"):format(config.cmd[1], vim.lsp.log.get_filename()))
  end
  when_initialized(id, callback)
end

--- Sends a command of the server.
---@param client vim.lsp.Client
---@param command string Its last word, "search" for `cascode.server.search`.
---@param arguments table
---@param bufnr integer Its unsent changes go out first.
---@param callback fun(result: table?, problem: string?, cancelled: boolean)
---@return fun() cancel
function M.execute(client, command, arguments, bufnr, callback)
  local params = {
    command = "cascode.server." .. command,
    -- An empty Lua table would be sent as a list.
    arguments = { next(arguments) and arguments or vim.empty_dict() },
  }
  local open = waiting[client.id] or {}
  waiting[client.id] = open
  -- Answers once: with the response, with the end of the server, or not at all after a cancellation.
  local answer
  function answer(...)
    if open[answer] then
      open[answer] = nil
      callback(...)
    end
  end
  open[answer] = true
  local sent, id = client:request("workspace/executeCommand", params, function(err, result)
    if err then
      answer(nil, err.message, err.code == vim.lsp.protocol.ErrorCodes.RequestCancelled)
    else
      answer(result ~= vim.NIL and result or {}, nil, false)
    end
  end, bufnr)
  if not sent then
    answer(nil, ENDED, false)
  end
  return function()
    if open[answer] and id then
      open[answer] = nil
      client:cancel_request(id)
    end
  end
end

--- Answers what a server that has ended still owed: Neovim forgets such requests without a word.
---@param client_id integer
function M.exited(client_id)
  local open = waiting[client_id] or {}
  waiting[client_id] = nil
  for _, answer in ipairs(vim.tbl_keys(open)) do
    answer(nil, ENDED, false)
  end
end

return M
