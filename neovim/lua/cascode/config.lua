-- What a user may set, from `vim.g.cascode` and `setup()`, with its defaults.
local M = {}

---@alias cascode.PickerName "auto"|"select"|"window"|"quickfix"|"telescope"|"fzf-lua"|"snacks"

---@class cascode.Keymaps
---@field search? string Ask for a query and search (normal mode).
---@field similar? string Functions like the one under the cursor (normal mode) or the selection (visual mode).
---@field status? string Show the state of the index (normal mode).

---@class cascode.Options
---@field cmd? string[] Command of the server; nil keeps that of `lsp/cascode.lua`.
---@field settings? table Settings of the server, the tree below `cascode`.
---@field trusted? boolean|fun(root: string): boolean May a workspace's own configuration name a model to load?
---@field picker? cascode.PickerName|fun(session: cascode.Session) What shows the hits.
---@field limit? integer Most hits of a search; nil leaves it to the server.
---@field keymaps? cascode.Keymaps None by default.
---@field enable? boolean Whether `setup()` also enables the server for every workspace.

---@class cascode.Config
---@field cmd? string[]
---@field settings table
---@field trusted boolean|fun(root: string): boolean
---@field picker cascode.PickerName|fun(session: cascode.Session)
---@field limit? integer
---@field keymaps cascode.Keymaps
---@field enable boolean
local defaults = {
  settings = {},
  -- Neovim has no notion of a trusted workspace: the user decides.
  trusted = false,
  picker = "auto",
  keymaps = {},
  enable = true,
}

M.PICKERS = { "auto", "select", "window", "quickfix", "telescope", "fzf-lua", "snacks" }

local EXPECTED = {
  cmd = "table",
  settings = "table",
  trusted = { "boolean", "function" },
  picker = { "string", "function" },
  limit = "number",
  keymaps = "table",
  enable = "boolean",
}

---@type cascode.Options
local given = {}

--- The errors of some options, one line each.
---@param options table
---@return string[]
local function problems(options)
  local found = {}
  for name, value in vim.spairs(options) do
    local expected = EXPECTED[name]
    local types = type(expected) == "table" and expected or { expected }
    if not expected then
      found[#found + 1] = ("unknown option %q; known: %s"):format(
        name,
        table.concat(vim.fn.sort(vim.tbl_keys(EXPECTED)), ", ")
      )
    elseif not vim.list_contains(types, type(value)) then
      found[#found + 1] = ("option %q is a %s; expected: %s"):format(name, type(value), table.concat(types, " or "))
    elseif name == "picker" and type(value) == "string" and not vim.list_contains(M.PICKERS, value) then
      found[#found + 1] = ("option picker is %q; expected one of: %s"):format(value, table.concat(M.PICKERS, ", "))
    elseif name == "limit" and (value < 1 or value % 1 ~= 0) then
      found[#found + 1] = ("option limit is %s; expected a whole number from 1"):format(value)
    end
  end
  return found
end

--- Options without those that are wrong; each wrong one is shown once and its default used.
---@param options table
---@param source string Where they come from, for the message.
---@return cascode.Options
local function checked(options, source)
  local good = {}
  for name, value in pairs(options) do
    local wrong = problems({ [name] = value })
    if wrong[1] then
      vim.notify_once(("cascode: %s: %s; the default is used"):format(source, wrong[1]), vim.log.levels.WARN)
    else
      good[name] = value
    end
  end
  return good
end

--- Takes the options of `setup()`.
---@param options? cascode.Options
function M.set(options)
  given = checked(options or {}, "setup()")
end

--- The configuration in force: defaults, then `vim.g.cascode`, then `setup()`.
---@return cascode.Config
function M.get()
  local global = type(vim.g.cascode) == "table" and checked(vim.g.cascode, "vim.g.cascode") or {}
  return vim.tbl_deep_extend("force", defaults, global, given)
end

--- What the server is given before it starts.
---@param client vim.lsp.ClientConfig
---@return table
function M.initialization_options(client)
  local trusted = M.get().trusted
  if type(trusted) == "function" then
    trusted = trusted(client.root_dir) == true
  end
  local version = vim.version()
  local settings = vim.tbl_deep_extend("force", M.get().settings, vim.tbl_get(client, "settings", "cascode") or {})
  return {
    -- An empty Lua table would be sent as a list.
    settings = next(settings) and settings or vim.empty_dict(),
    trusted = trusted,
    client = ("neovim %d.%d.%d"):format(version.major, version.minor, version.patch),
  }
end

return M
