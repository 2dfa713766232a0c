-- Hits in fzf-lua. fzf can not put lines in another order: it gets those of the last answer.
local M = {}

local hit = require("cascode.hit")

-- Starts each line and is hidden by fzf: the number of the hit.
local NUMBER = "^(%d+)\t"

---@param session cascode.Session
function M.show(session)
  local fzf = require("fzf-lua")
  session:listen(function()
    if session.phase ~= "done" or #session.hits == 0 then
      return
    end
    local lines = {}
    for number, one in ipairs(session.hits) do
      lines[number] = ("%d\t%s"):format(number, hit.label(one, session.several))
    end
    local function chosen(selected)
      return vim.tbl_map(function(line)
        return session.hits[tonumber(line:match(NUMBER))]
      end, selected or {})
    end
    local function open(how)
      return function(selected)
        for _, one in ipairs(chosen(selected)) do
          hit.open(one, session.encoding, how)
        end
      end
    end
    local previewer = require("fzf-lua.previewer.builtin").buffer_or_file:extend()
    function previewer:new(o, opts, window)
      previewer.super.new(self, o, opts, window)
      setmetatable(self, previewer)
      return self
    end
    function previewer:parse_entry(line)
      local one = chosen({ line })[1]
      local path = one and hit.file(one)
      return path and { path = path, line = one.start_line, col = 1 } or {}
    end
    fzf.fzf_exec(lines, {
      prompt = "Narrow> ",
      winopts = { title = (" %s (%s) "):format(session.title, session:summary()) },
      previewer = previewer,
      fzf_opts = { ["--delimiter"] = "\t", ["--with-nth"] = "2..", ["--no-sort"] = true, ["--multi"] = true },
      actions = {
        ["enter"] = open("edit"),
        ["ctrl-s"] = open("split"),
        ["ctrl-v"] = open("vsplit"),
        ["ctrl-t"] = open("tab"),
        ["ctrl-q"] = function()
          require("cascode.quickfix").send(session)
        end,
      },
    })
  end)
end

return M
