-- The last state that each server sent, for status lines and for the status window.
local M = {}

---@type table<integer, cascode.ServerStatus>
local known = {}

--- Takes a notification.
---@param client_id integer
---@param status cascode.ServerStatus
function M.update(client_id, status)
  known[client_id] = status
  vim.schedule(function()
    vim.api.nvim_exec_autocmds(
      "User",
      { pattern = "CascodeStatus", modeline = false, data = { client_id = client_id } }
    )
    vim.cmd.redrawstatus({ bang = true })
  end)
end

--- Forgets a server that has ended.
---@param client_id integer
function M.forget(client_id)
  known[client_id] = nil
  vim.api.nvim_exec_autocmds("User", { pattern = "CascodeStatus", modeline = false, data = { client_id = client_id } })
  vim.cmd.redrawstatus({ bang = true })
end

--- The last state that a server sent.
---@param client_id integer
---@return cascode.ServerStatus?
function M.of(client_id)
  return known[client_id]
end

--- How much of the index is done, 0 to 100; nil where that is not known.
---@param status cascode.ServerStatus
---@return integer?
function M.percent(status)
  local files = type(status.files) == "table" and status.files or {}
  if (status.pending or 0) > 0 and (status.functions or 0) > 0 then
    return math.floor(100 * math.max(status.functions - status.pending, 0) / status.functions)
  end
  if (files.total or 0) > 0 then
    return math.floor(100 * math.min(files.done or 0, files.total) / files.total)
  end
end

--- A few words for a status line: those of the buffer's server, else of the first one.
---@return string
function M.statusline()
  if next(known) == nil then
    return ""
  end
  local attached = vim.lsp.get_clients({ name = "cascode", bufnr = vim.api.nvim_get_current_buf() })[1]
  local status = attached and known[attached.id] or known[next(known)]
  if status.state == "indexing" then
    local percent = M.percent(status)
    return percent and ("CasCode %d%%%%"):format(percent) or "CasCode indexing"
  elseif status.state == "ready" then
    return "CasCode"
  end
  return "CasCode " .. status.state
end

return M
