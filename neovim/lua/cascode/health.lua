-- `:checkhealth cascode`
local M = {}

-- Importing the server takes a second on a slow disk.
local LIMIT_MS = 10000

local function check_neovim()
  local version = vim.version()
  local text = ("Neovim %d.%d.%d"):format(version.major, version.minor, version.patch)
  if vim.fn.has("nvim-0.11") == 1 then
    vim.health.ok(text)
    return true
  end
  vim.health.error(text .. " is too old: CasCode needs 0.11 or later")
  return false
end

--- The command of the server, checked; nil where it can not be run.
---@return string[]?
local function check_command()
  local client = require("cascode.client")
  local cmd = vim.lsp.config.cascode.cmd
  local missing = client.missing(cmd)
  if missing then
    vim.health.error(missing)
    return nil
  end
  if type(cmd) ~= "table" then
    vim.health.ok("the server is reached by a function of your configuration")
    return nil
  end
  local started, process = pcall(vim.system, { cmd[1], "--version" }, { text = true, timeout = LIMIT_MS })
  local result = started and process:wait() or { code = -1, stderr = tostring(process) }
  local output = vim.trim((result.stdout or "") ~= "" and result.stdout or result.stderr or "")
  if result.code == 0 then
    vim.health.ok(("server: %s (%s)"):format(output, vim.fn.exepath(cmd[1])))
  else
    vim.health.error(("%s --version ended with %d: %s"):format(cmd[1], result.code, output), {
      "Run it in a shell to see why",
    })
  end
  return cmd
end

local function check_clients()
  local clients = vim.lsp.get_clients({ name = "cascode" })
  if vim.lsp.is_enabled and vim.lsp.is_enabled("cascode") then
    vim.health.ok("enabled for every workspace")
  else
    vim.health.info('not enabled: the server starts with the first search; vim.lsp.enable("cascode") starts it earlier')
  end
  if #clients == 0 then
    vim.health.info("no server is running")
  end
  for _, client in ipairs(clients) do
    local params = { command = "cascode.server.status", arguments = { vim.empty_dict() } }
    local response, failure = client:request_sync("workspace/executeCommand", params, LIMIT_MS)
    local problem = failure or (response and response.err and response.err.message)
    if problem or not response then
      vim.health.error(("server %d gave no status: %s"):format(client.id, problem))
    else
      local status = response.result
      local say = status.state == "error" and vim.health.error or vim.health.ok
      say(
        ("server %d: %s, %d definitions, %d still to index"):format(
          client.id,
          status.state,
          status.functions,
          status.pending
        )
      )
      for _, workspace in ipairs(status.workspaces or {}) do
        vim.health.info(("workspace %s: %d definitions"):format(vim.uri_to_fname(workspace.uri), workspace.functions))
      end
      vim.health.info("log: " .. tostring(status.log_file))
    end
  end
end

local function check_options()
  local config = require("cascode.config").get()
  local pickers = require("cascode.pickers")
  local chosen = type(config.picker) == "function" and "a function of yours" or config.picker
  if chosen == "auto" then
    vim.health.ok(("picker: %s (chosen by what is installed)"):format(pickers.automatic()))
  elseif type(config.picker) == "function" or pickers.available(chosen) then
    vim.health.ok("picker: " .. chosen)
  else
    vim.health.error(("picker: %s is not installed"):format(chosen), { 'Install it, or use picker = "auto"' })
  end
end

function M.check()
  vim.health.start("cascode")
  if check_neovim() then
    check_command()
    check_clients()
    check_options()
  end
end

return M
