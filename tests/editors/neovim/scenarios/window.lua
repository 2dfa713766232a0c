local T = require("support")

-- The picker alone, fed with the hits of a real session of ours in phases that a test can choose.
local child = T.child()
child:cmd("edit utils.py")
child:lua([[
  local Session = require("cascode.session")
  _G.hit = function(name, path, line)
    return {
      uri = vim.uri_from_fname(vim.fs.joinpath(vim.uv.cwd(), path)), path = path, workspace = "click", name = name,
      kind = "function", language = "python", signature = "def " .. name .. "():", score = 1, probability = 0.5,
      start_line = line, end_line = line + 3,
      range = { start = { line = line - 1, character = 0 }, ["end"] = { line = line + 2, character = 0 } },
      selectionRange = { start = { line = line - 1, character = 4 }, ["end"] = { line = line - 1, character = 9 } },
      stage = "fast",
    }
  end
  _G.show = function(...)
    local session = Session.new("a question")
    require("cascode.pickers.window").show(session)
    session:take({ hits = { ... }, confident = true, index = { pending = 1234, functions = 98765 } }, "fast")
    _G.session = session
  end
  _G.finish = function(...)
    _G.session:take({ hits = { ... }, confident = true, index = { pending = 0 } }, "done")
  end
]])

-- The last answer puts the list in its order; a line that was not chosen does not hold the best hit back.
child:lua([[_G.show(_G.hit("one", "core.py", 10), _G.hit("two", "utils.py", 20), _G.hit("three", "types.py", 30))]])
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
T.contains(child:floats()[1].footer, "3 hits, 1,234 of 98,765 definitions to index, ordering", "footer")
child:lua([[_G.finish(_G.hit("three", "types.py", 30), _G.hit("one", "core.py", 10), _G.hit("two", "utils.py", 20))]])
T.equal(child:lua("return vim.api.nvim_win_get_cursor(0)[1]"), 1, "line after the last answer")
T.contains(child:floats()[2].title, "types.py:30", "preview after the last answer")
child:type("q")
child:wait("the end of the picker", [[return vim.bo.filetype == "python"]])

-- A line that was chosen stays chosen.
child:lua([[_G.show(_G.hit("one", "core.py", 10), _G.hit("two", "utils.py", 20), _G.hit("three", "types.py", 30))]])
child:type("j")
child:wait(
  "the second line's preview",
  [[
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    local title = vim.api.nvim_win_get_config(window).title
    if title and title[1][1]:find("utils.py:20", 1, true) then return true end
  end
]]
)
child:lua([[_G.finish(_G.hit("three", "types.py", 30), _G.hit("one", "core.py", 10), _G.hit("two", "utils.py", 20))]])
T.equal(child:lua("return vim.api.nvim_win_get_cursor(0)[1]"), 3, "line of the chosen hit")
-- A split keeps the window that one came from.
child:type("<C-v>")
child:wait("the split", [[return #vim.api.nvim_list_wins() == 2 and vim.bo.filetype == "python"]])
T.equal(child:lua("return vim.api.nvim_win_get_cursor(0)[1]"), 20, "line in the split")
child:cmd("only")

-- It follows the size of the editor, down to a narrow one.
child:lua([[_G.show(_G.hit("one", "core.py", 10), _G.hit("two", "utils.py", 20))]])
child:cmd("set columns=60 lines=20")
child:wait(
  "the new layout",
  [[
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    local config = vim.api.nvim_win_get_config(window)
    if config.relative ~= "" and config.col + config.width + 2 > 60 then return false end
  end
  return true
]]
)
-- Leaving it closes it and gives the search up.
child:type("<C-w>p")
child:wait("the end of the picker", [[return vim.bo.filetype == "python" and #vim.api.nvim_list_wins() == 1]])
T.equal(child:lua("return _G.session.phase"), "cancelled", "phase of the search that was left")

-- A file that is gone is said, not opened as an empty one; a line past its end is moved into it.
child:lua([[_G.show(_G.hit("gone", "no_such_file.py", 10)) _G.finish(_G.hit("gone", "no_such_file.py", 10))]])
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
child:type("<CR>")
child:notified("no_such_file.py was deleted")
T.equal(child:lua([[return vim.bo.filetype]]), "python", "the buffer stays")
child:lua([[_G.show(_G.hit("far", "globals.py", 100000)) _G.finish(_G.hit("far", "globals.py", 100000))]])
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
child:type("<CR>")
child:wait("the file", [[return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == "globals.py"]])
T.equal(child:lua("return vim.api.nvim_win_get_cursor(0)[1] == vim.fn.line('$')"), true, "the last line")
-- From the quickfix window a hit opens in a window with a file; where there is none, beside the list.
child:lua([[vim.fn.setqflist({ { filename = "core.py", lnum = 1, text = "a line" } }) vim.cmd("only | copen")]])
child:lua([[_G.show(_G.hit("one", "core.py", 10)) _G.finish(_G.hit("one", "core.py", 10))]])
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
child:type("<CR>")
child:wait("the file", [[return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == "core.py"]])
T.equal(child:lua("return #vim.api.nvim_list_wins()"), 2, "windows: the file and the list")
child:cmd("cclose | copen | only")
child:lua([[_G.show(_G.hit("two", "utils.py", 20)) _G.finish(_G.hit("two", "utils.py", 20))]])
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
child:type("<CR>")
child:wait("the file", [[return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == "utils.py"]])
T.equal(child:lua("return #vim.api.nvim_list_wins()"), 2, "windows: the file and the list")
child:cmd("cclose")
-- An answer without a hit after one with some leaves no empty window.
child:lua([[_G.show(_G.hit("one", "core.py", 10))]])
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
child:lua([[_G.finish()]])
T.equal(#child:floats(), 0, "floating windows left")
-- Columns are counted in the units that server and editor agreed on.
local function column(encoding, character)
  return child:lua(
    [[
      local encoding, character = ...
      local _, column = require("cascode.hit").position({ line = 0, character = character }, { "äö𝄞 name" }, encoding)
      return column
    ]],
    encoding,
    character
  )
end
T.equal({ column("utf-8", 9), column("utf-16", 5), column("utf-32", 4) }, { 9, 9, 9 }, "byte column of the name")
T.equal(column("utf-16", 100), #"äö𝄞 name", "a column past the end of the line")
