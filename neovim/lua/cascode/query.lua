-- What is typed after `:Cascode`: words, and filters such as `lang=python`.
local M = {}

local lists = require("cascode.lists")

---@class cascode.Query
---@field text string
---@field languages? string[]
---@field kinds? string[]
---@field paths? string[]
---@field limit? integer
---@field rerank? boolean

-- Name in the command line -> field of the request.
local LISTS = { lang = "languages", language = "languages", kind = "kinds", path = "paths" }

local VALUES = {
  lang = lists.lang,
  kind = lists.kind,
  path = {},
  limit = {},
  rerank = { "true", "false" },
}

--- Splits a command line into the query and its filters. Filters come first; `--` ends them.
---@param line string
---@return cascode.Query? query
---@return string? problem
function M.parse(line)
  ---@type cascode.Query
  local query = { text = "" }
  local rest = vim.trim(line)
  while true do
    local word, after = rest:match("^(%S+)%s*(.*)$")
    if word == "--" then
      rest = after
      break
    end
    local name, value = (word or ""):match("^(%a+)=(.+)$")
    local list = name and LISTS[name]
    if list then
      query[list] = query[list] or {}
      vim.list_extend(query[list], vim.split(value, ",", { plain = true, trimempty = true }))
    elseif name == "limit" then
      local limit = tonumber(value)
      if not limit or limit < 1 or limit % 1 ~= 0 then
        return nil, ("limit=%s is not a whole number from 1"):format(value)
      end
      query.limit = limit
    elseif name == "rerank" then
      if value ~= "true" and value ~= "false" then
        return nil, ("rerank=%s is neither true nor false"):format(value)
      end
      query.rerank = value == "true"
    else
      break
    end
    rest = after
  end
  query.text = vim.trim(rest)
  return query
end

--- Completes the names of filters and their values.
---@param lead string The word under the cursor.
---@param line string The whole command line.
---@return string[]
function M.complete(lead, line)
  local before = line:sub(1, #line - #lead)
  -- Filters come first: after a word of the query there is nothing to complete.
  local words = vim.split(before, "%s+", { trimempty = true })
  for index = 2, #words do
    if not words[index]:match("^%a+=") then
      return {}
    end
  end
  local name, value = lead:match("^(%a+)=(.*)$")
  local found = {}
  if name == "language" then
    name = "lang"
    lead = lead:gsub("^language", "lang")
  end
  if name and VALUES[name] then
    for _, candidate in ipairs(VALUES[name]) do
      if vim.startswith(candidate, value) then
        found[#found + 1] = ("%s=%s"):format(name, candidate)
      end
    end
  else
    for candidate in vim.spairs(VALUES) do
      if vim.startswith(candidate .. "=", lead) then
        found[#found + 1] = candidate .. "="
      end
    end
  end
  return found
end

return M
