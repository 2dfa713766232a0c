-- Rows as vim counts them. LSP, and the index, end a line at a lone carriage return too; vim shows it inside of a line.
local M = {}

--- The carriage returns of a row that end a line for LSP; the one of a CRLF, at its end, does not.
---@param text string
---@return integer
local function breaks(text)
  if not text:find("\r", 1, true) then
    return 0
  end
  local _, count = text:gsub("\r", "")
  return text:sub(-1) == "\r" and count - 1 or count
end

--- The row of a line of LSP, and how many lines of LSP come before it on that row.
---@param line integer 0-based.
---@param lines string[] The rows of the file.
---@return integer row 1-based; the last one where the file ends earlier.
---@return integer part
function M.row_of(line, lines)
  local before = 0
  for row, text in ipairs(lines) do
    local more = breaks(text)
    if line <= before + more then
      return row, line - before
    end
    before = before + more + 1
  end
  return math.max(#lines, 1), 0
end

--- Where a part of a row begins, in bytes.
---@param text string
---@param part integer
---@return integer
function M.start_of(text, part)
  local start = 0
  for _ = 1, part do
    start = text:find("\r", start + 1, true) or start
  end
  return start
end

--- The line of LSP (0-based) on which a place of a buffer stands, and where that line begins in its row.
---@param row integer 1-based.
---@param column integer 0-based, in bytes.
---@param lines string[]
---@return integer line
---@return integer start In bytes.
function M.line_of(row, column, lines)
  local line = row - 1
  for at = 1, row - 1 do
    line = line + breaks(lines[at])
  end
  local text, start = lines[row] or "", 0
  for part = 1, breaks(text) do
    local next_start = M.start_of(text, part)
    if next_start > column then
      break
    end
    line, start = line + 1, next_start
  end
  return line, start
end

--- Whether any line of LSP ends inside of a row.
---@param lines string[]
---@return boolean
function M.differ(lines)
  for _, text in ipairs(lines) do
    if breaks(text) > 0 then
      return true
    end
  end
  return false
end

return M
