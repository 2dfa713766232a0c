-- What the commands and a user's own Lua call. Every function loads what it needs when it is called.
local M = {}

---@type string
local last_query = ""

--- Takes options and enables the server; optional, see |cascode-config|.
---@param options? cascode.Options
function M.setup(options)
  local config = require("cascode.config")
  config.set(options)
  local chosen = config.get()
  if chosen.cmd then
    vim.lsp.config("cascode", { cmd = chosen.cmd })
  end
  if next(chosen.settings) then
    vim.lsp.config("cascode", { settings = { cascode = chosen.settings } })
  end
  local maps = chosen.keymaps
  if maps.search then
    vim.keymap.set("n", maps.search, "<Cmd>Cascode<CR>", { desc = "CasCode: search" })
  end
  if maps.similar then
    vim.keymap.set("n", maps.similar, "<Cmd>CascodeSimilar<CR>", { desc = "CasCode: similar functions" })
    vim.keymap.set(
      "x",
      maps.similar,
      ":CascodeSimilar<CR>",
      { desc = "CasCode: code like the selection", silent = true }
    )
  end
  if maps.status then
    vim.keymap.set("n", maps.status, "<Cmd>CascodeStatus<CR>", { desc = "CasCode: state of the index" })
  end
  if chosen.enable then
    vim.lsp.enable("cascode")
  end
end

--- Searches; without a query, asks for one and offers the last.
---@param line? string Filters and the query, as after `:Cascode`.
---@param opts? { picker?: cascode.PickerName }
function M.search(line, opts)
  local picker = opts and opts.picker
  local query, problem = require("cascode.query").parse(line or "")
  if not query then
    vim.notify("cascode: " .. problem, vim.log.levels.ERROR)
  elseif query.text ~= "" then
    last_query = query.text
    require("cascode.search").query(query, picker)
  else
    vim.ui.input({ prompt = "Search functions: ", default = last_query }, function(text)
      text = vim.trim(text or "")
      if text ~= "" then
        -- Filters of the command line stay; what is typed here may add its own.
        M.search(vim.trim((line or "") .. " " .. text), opts)
      end
    end)
  end
end

--- Functions like the one under the cursor, or like the lines of a range.
---@param opts? { range?: [integer, integer], picker?: cascode.PickerName }
function M.similar(opts)
  opts = opts or {}
  local search = require("cascode.search")
  if opts.range then
    search.similar_to_selection(opts.range[1], opts.range[2], opts.picker)
  elseif vim.api.nvim_buf_get_name(0) == "" then
    vim.notify("cascode: this buffer has no file, so it is not indexed", vim.log.levels.WARN)
  else
    search.similar(opts.picker)
  end
end

--- Gives the running search up.
function M.cancel()
  require("cascode.search").cancel()
end

--- Sends a command whose answer is only acknowledged.
---@param name string
---@param arguments table
---@param done string
local function command(name, arguments, done)
  local client = require("cascode.client")
  local bufnr = vim.api.nvim_get_current_buf()
  client.ensure(bufnr, function(server, problem)
    if not server then
      return vim.notify("cascode: " .. problem, vim.log.levels.ERROR)
    end
    client.execute(server, name, arguments, bufnr, function(_, failure)
      if failure then
        vim.notify("cascode: " .. failure, vim.log.levels.ERROR)
      else
        vim.notify("cascode: " .. done)
      end
    end)
  end)
end

--- Stops indexing until |cascode.resume()|; searches keep working.
function M.pause()
  command("pause", {}, "indexing is paused; :CascodeResume resumes it")
end

--- Resumes indexing.
function M.resume()
  command("resume", {}, "indexing resumed")
end

--- Reads changed files again; with `full`, every file.
---@param opts? { full?: boolean }
function M.reindex(opts)
  local full = opts ~= nil and opts.full == true
  command("reindex", { full = full }, full and "every file is read again" or "changed files are read again")
end

--- Shows the state of the index in a window that follows it.
function M.status()
  require("cascode.status_window").open()
end

--- Lists the paths that were skipped, each with the reason.
function M.skipped()
  require("cascode.skipped").open()
end

--- Opens the log of the server.
function M.log()
  require("cascode.status_window").open_log()
end

--- A few words for a status line: empty where no server runs.
---@return string
function M.statusline()
  return require("cascode.status").statusline()
end

return M
