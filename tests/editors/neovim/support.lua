-- Drives a second Neovim, with its own event loop, the way a person does: keys go in, state is read out.
-- `nvim -l` runs a scenario as one script: it would never see a key typed or a cursor moved.
local M = {}

-- A machine that also indexes and trains is slow; a scenario that hangs still ends.
local LIMIT_MS = 60000
local POLL_MS = 20

M.plugin = vim.env.CASCODE_TEST_PLUGIN
M.workspace = vim.env.CASCODE_TEST_WORKSPACE
M.server = vim.env.CASCODE_TEST_SERVER

---@class Child
---@field channel integer
local Child = {}
Child.__index = Child

--- Starts a Neovim without configuration, or with that of `init`; with our plugin on its path unless `bare`.
---@param opts? { bare?: boolean, init?: string, server?: string[] }
---@return Child
function M.child(opts)
  opts = opts or {}
  local argv = { vim.v.progpath, "--embed", "--headless", "-n", "-i", "NONE" }
  vim.list_extend(argv, opts.init and { "-u", opts.init } or { "--clean" })
  -- Looking for a Python to run plugins with takes Neovim seconds, at the first Python file.
  vim.list_extend(argv, { "--cmd", "let g:loaded_python3_provider = 0" })
  if not opts.bare and not opts.init then
    vim.list_extend(argv, { "--cmd", "set runtimepath^=" .. M.plugin })
  end
  local channel = vim.fn.jobstart(argv, { rpc = true, cwd = M.workspace })
  assert(channel > 0, "the child did not start")
  local child = setmetatable({ channel = channel }, Child)
  child:lua(
    [[
    local command = ...
    vim.o.columns, vim.o.lines = 160, 50
    -- What the user is shown, in order.
    _G.messages = {}
    vim.notify = function(message, level)
      table.insert(_G.messages, { message = message, level = level or vim.log.levels.INFO })
    end
    _G.client = function()
      return vim.lsp.get_clients({ name = "cascode" })[1]
    end
    _G.ask = function(name, arguments)
      local params = { command = "cascode.server." .. name, arguments = { arguments or vim.empty_dict() } }
      local response = assert(_G.client():request_sync("workspace/executeCommand", params, 60000))
      assert(not response.err, vim.inspect(response.err))
      return response.result
    end
    if command then
      vim.lsp.config("cascode", { cmd = command })
    end
  ]],
    not opts.bare and (opts.server or { M.server, "serve", "--stdio" }) or nil
  )
  return child
end

--- Runs Lua in the child and gives what it returns.
---@param code string
---@param ... any
---@return any
function Child:lua(code, ...)
  return vim.rpcrequest(self.channel, "nvim_exec_lua", code, { ... })
end

--- Types keys, as a person would.
---@param keys string
function Child:type(keys)
  vim.rpcrequest(self.channel, "nvim_input", keys)
end

--- Runs an Ex command.
---@param command string
function Child:cmd(command)
  vim.rpcrequest(self.channel, "nvim_command", command)
end

--- Waits until Lua code in the child gives something true, and returns it.
---@param what string What is waited for, for the message.
---@param code string
---@return any
function Child:wait(what, code, ...)
  local arguments = { ... }
  local value
  local function done()
    value = self:lua(code, unpack(arguments))
    return value ~= nil and value ~= vim.NIL and value ~= false
  end
  if not vim.wait(LIMIT_MS, done, POLL_MS) then
    error(("waited in vain for %s; shown: %s"):format(what, vim.inspect(self:lua("return _G.messages"))), 2)
  end
  return value
end

--- Opens a file of the workspace and waits until the server has indexed all of it.
---@param path string
function Child:open_indexed(path)
  self:cmd("edit " .. path)
  self:lua('vim.lsp.enable("cascode")')
  self:wait("the client", "return _G.client() ~= nil")
  self:wait(
    "a ready index",
    [[
    local status = _G.ask("status")
    return status.state == "ready" and status.pending == 0 and status.functions > 0
  ]]
  )
end

--- Waits until the user was shown something with this text in it.
---@param text string
---@return string
function Child:notified(text)
  return self:wait(
    ("the message %q"):format(text),
    [[
    local text = ...
    for _, one in ipairs(_G.messages) do
      if one.message:find(text, 1, true) then return one.message end
    end
  ]],
    text
  )
end

--- The floating windows, list first, with their titles and lines.
---@return { window: integer, title: string, footer: string, lines: string[] }[]
function Child:floats()
  return self:lua([[
    local found = {}
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      local config = vim.api.nvim_win_get_config(window)
      if config.relative ~= "" then
        local function text(chunks)
          return chunks and chunks[1] and chunks[1][1] or ""
        end
        local buffer = vim.api.nvim_win_get_buf(window)
        table.insert(found, {
          window = window,
          title = text(config.title),
          footer = text(config.footer),
          filetype = vim.bo[buffer].filetype,
          lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false),
        })
      end
    end
    table.sort(found, function(a, b) return a.filetype > b.filetype end)
    return found
  ]])
end

--- Ends the child with its servers.
function Child:quit()
  pcall(vim.rpcrequest, self.channel, "nvim_command", "qall!")
  vim.fn.jobwait({ self.channel }, LIMIT_MS)
end

--- Fails unless two values are equal.
function M.equal(actual, expected, what)
  if not vim.deep_equal(actual, expected) then
    error(("%s: expected %s, got %s"):format(what, vim.inspect(expected), vim.inspect(actual)), 2)
  end
end

--- Fails unless a text contains another.
function M.contains(text, part, what)
  if type(text) ~= "string" or not text:find(part, 1, true) then
    error(("%s: expected %q in %s"):format(what, part, vim.inspect(text)), 2)
  end
end

return M
