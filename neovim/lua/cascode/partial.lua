-- Partial results: the fast stage's answer arrives as `$/progress` under a token that the request named.
local M = {}

---@type table<string, fun(value: table)>
local waiting = {}
local count = 0

--- A new token; `on_value` is called with each value that arrives under it.
---@param on_value fun(value: table)
---@return string token
function M.open(on_value)
  count = count + 1
  -- The process id keeps tokens of two editors on one server apart.
  local token = ("cascode.nvim-%d-%d"):format(vim.fn.getpid(), count)
  waiting[token] = on_value
  return token
end

--- Forgets a token: what arrives under it from now on is dropped.
---@param token string
function M.close(token)
  waiting[token] = nil
end

--- Hands a progress notification to its token.
---@param params lsp.ProgressParams
---@return boolean ours Whether the token is of a search, open or not.
function M.deliver(params)
  local token = params.token
  if type(token) ~= "string" or not vim.startswith(token, ("cascode.nvim-%d-"):format(vim.fn.getpid())) then
    return false
  end
  local on_value = waiting[token]
  if on_value and type(params.value) == "table" then
    on_value(params.value)
  end
  return true
end

return M
