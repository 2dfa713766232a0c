-- Searches: from a query, or from code. One at a time; a new one cancels the one before.
local M = {}

local Session = require("cascode.session")
local client = require("cascode.client")
local hit = require("cascode.hit")
local rows = require("cascode.rows")

---@class cascode.Request
---@field title string
---@field command "search"|"similar"
---@field arguments fun(client: vim.lsp.Client): table
---@field keep? fun(hit: cascode.Hit): boolean Which hits to show; all by default.
---@field picker? cascode.PickerName Instead of the configured one.

-- A warm search answers in well under this.
local PATIENCE_MS = 500

---@type cascode.Session?
local current

--- Shows the user why there is nothing to pick from.
---@param session cascode.Session
local function report(session)
  if session.phase == "failed" then
    vim.notify("cascode: " .. session.problem, vim.log.levels.ERROR)
  elseif session.phase == "done" and #session.hits == 0 then
    local summary = session:summary():gsub("^0 hits,? ?", "")
    local why = summary ~= "" and (" (%s)"):format(summary) or ""
    vim.notify(("cascode: nothing found for %q%s"):format(session.title, why), vim.log.levels.WARN)
  end
end

--- Says that a search runs, once it takes longer than a person waits without wondering.
---@param session cascode.Session
local function tell_when_slow(session)
  vim.defer_fn(function()
    if session.phase == "waiting" then
      vim.api.nvim_echo({ { "cascode: searching ..." } }, false, {})
      session:listen(function()
        vim.api.nvim_echo({ { "" } }, false, {})
      end)
    end
  end, PATIENCE_MS)
end

--- Counts lines as vim does, and leaves out the hits that a request does not want.
---@param answer cascode.Answer
---@param keep? fun(hit: cascode.Hit): boolean
---@return cascode.Answer
local function filtered(answer, keep)
  if type(answer.hits) == "table" then
    local hits = hit.as_vim_counts(answer.hits)
    answer.hits = keep and vim.tbl_filter(keep, hits) or hits
  end
  return answer
end

--- Runs a search and shows its hits.
---@param request cascode.Request
---@return cascode.Session
function M.run(request)
  M.cancel()
  local bufnr = vim.api.nvim_get_current_buf()
  local session = Session.new(request.title)
  current = session
  session:listen(report)
  require("cascode.pickers").show(session, request.picker)
  tell_when_slow(session)
  client.ensure(bufnr, function(server, problem)
    if not session:is_open() then
      return
    end
    if not server then
      return session:fail(problem or "no server")
    end
    session.encoding = server.offset_encoding
    session.several = #(server.workspace_folders or {}) > 1
    local partial = require("cascode.partial")
    local token = partial.open(function(answer)
      session:take(filtered(answer, request.keep), "fast")
    end)
    local arguments = request.arguments(server)
    arguments.limit = arguments.limit or require("cascode.config").get().limit
    arguments.partialResultToken = request.command == "search" and token or nil
    local stop = client.execute(server, request.command, arguments, bufnr, function(answer, failure, cancelled)
      partial.close(token)
      if cancelled then
        session:advance("cancelled")
      elseif failure then
        session:fail(failure)
      else
        ---@cast answer cascode.Answer
        session:take(filtered(answer, request.keep), "done")
      end
    end)
    session.stop = function()
      partial.close(token)
      stop()
    end
  end)
  return session
end

--- Gives the running search up, if one runs.
function M.cancel()
  if current then
    current:cancel()
    current = nil
  end
end

--- A search for a query.
---@param query cascode.Query
---@param picker? cascode.PickerName
---@return cascode.Session
function M.query(query, picker)
  return M.run({
    title = query.text,
    command = "search",
    picker = picker,
    arguments = function()
      return {
        query = query.text,
        languages = query.languages,
        kinds = query.kinds,
        paths = query.paths,
        limit = query.limit,
        rerank = query.rerank,
      }
    end,
  })
end

--- Functions like the one under the cursor.
---@param picker? cascode.PickerName
---@return cascode.Session
function M.similar(picker)
  local word = vim.fn.expand("<cword>")
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  -- Taken now: until the server has started the cursor may be elsewhere, and the window closed.
  local place = {
    textDocument = { uri = vim.uri_from_bufnr(0) },
    -- Neovim counts its own rows; of the place the server reads the line alone.
    position = { line = (rows.line_of(row, column, vim.api.nvim_buf_get_lines(0, 0, row, false))), character = 0 },
  }
  return M.run({
    title = ("like %s"):format(word ~= "" and word or "this"),
    command = "similar",
    picker = picker,
    arguments = function()
      return place
    end,
  })
end

--- The text between two lines, or exactly what was selected last if that lies on these lines.
---@param first integer 1-based.
---@param last integer
---@return string
local function selected(first, last)
  local from, to = vim.fn.getpos("'<"), vim.fn.getpos("'>")
  if from[2] == first and to[2] == last then
    return table.concat(vim.fn.getregion(from, to, { type = vim.fn.visualmode() }), "\n")
  end
  return table.concat(vim.api.nvim_buf_get_lines(0, first - 1, last, false), "\n")
end

--- Functions like the selected code. The code itself is not a hit.
---@param first integer First line, 1-based.
---@param last integer
---@param picker? cascode.PickerName
---@return cascode.Session?
function M.similar_to_selection(first, last, picker)
  local text = vim.trim(selected(first, last))
  if text == "" then
    vim.notify("cascode: the selection is empty", vim.log.levels.WARN)
    return nil
  end
  local uri = vim.uri_from_bufnr(0)
  return M.run({
    title = ("like lines %d-%d"):format(first, last),
    command = "search",
    picker = picker,
    keep = function(one)
      return one.uri ~= uri or one.end_line < first or one.start_line > last
    end,
    arguments = function()
      return { query = text }
    end,
  })
end

return M
