-- `:CascodeSkipped`: the paths that were left out of the index, with the reason, in the quickfix list.
local M = {}

local client = require("cascode.client")

--- Paths of a list: the most that the server gives at once, and more than anybody reads.
local MOST = 1000

--- An entry of the quickfix list.
---@param path cascode.SkippedPath
---@return vim.quickfix.entry
local function entry(path)
  return { filename = vim.uri_to_fname(path.uri), text = (path.reason:gsub("_", " ")), valid = 1 }
end

--- Asks the server of the current buffer for them and opens the list.
function M.open()
  local bufnr = vim.api.nvim_get_current_buf()
  client.ensure(bufnr, function(server, problem)
    if not server then
      return vim.notify("cascode: " .. problem, vim.log.levels.ERROR)
    end
    client.execute(server, "skipped", { limit = MOST }, bufnr, function(page, failure)
      if failure then
        return vim.notify("cascode: " .. failure, vim.log.levels.ERROR)
      end
      ---@cast page cascode.SkippedPaths
      if #page.paths == 0 then
        return vim.notify("cascode: nothing was skipped")
      end
      local shown = page.total > #page.paths and (", the first %d"):format(#page.paths) or ""
      vim.fn.setqflist({}, " ", {
        title = ("CasCode: %d skipped paths%s"):format(page.total, shown),
        items = vim.tbl_map(entry, page.paths),
      })
      vim.cmd("botright copen")
    end)
  end)
end

return M
