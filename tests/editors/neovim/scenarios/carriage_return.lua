local T = require("support")

-- A lone carriage return ends a line for LSP and not for vim: what is shown, opened and asked stands on vim's lines.
local path = T.workspace .. "/carriage.py"
local file = assert(io.open(path, "wb"))
file:write(
  '"""One\rtwo\rthree."""\n\n\n'
    .. 'def brew_a_pot_of_coffee(beans, water):\n    """Brew coffee for the whole office."""\n'
    .. "    return beans + water\n"
)
file:close()

local child = T.child()
child:open_indexed("carriage.py")
child:cmd("Cascode! brew coffee for the office")
child:wait("the quickfix window", [[return vim.bo.buftype == "quickfix"]])
child:wait("the last answer", [[return not vim.fn.getqflist({ title = 0 }).title:find("ordering", 1, true)]])
local entry = child:lua("return vim.fn.getqflist()[1]")
T.contains(entry.text, "brew_a_pot_of_coffee", "first entry")
T.equal({ entry.lnum, entry.end_lnum, entry.col }, { 4, 6, 5 }, "its lines")
child:cmd("cfirst")
T.contains(child:lua("return vim.api.nvim_get_current_line()"), "def brew_a_pot", "line of the entry")
child:cmd("cclose")

-- The list names vim's line, and a hit is opened there.
child:cmd("Cascode brew coffee for the office")
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
T.contains(table.concat(child:floats()[1].lines, "\n"), "carriage.py:4", "hits")
child:type("<CR>")
child:wait("the file", [[return vim.bo.filetype == "python"]])
T.equal(child:lua("return vim.api.nvim_win_get_cursor(0)"), { 4, 4 }, "place of the hit")

-- The line under the cursor is the one that is asked about.
child:cmd("CascodeSimilar")
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
assert(not table.concat(child:floats()[1].lines, "\n"):find("brew_a_pot", 1, true), "the function itself is a hit")
child:type("q")

-- Rows and lines, there and back.
local found = child:lua([[
  local rows = require("cascode.rows")
  local lines = { "a\rb\rc", "d\r", "e" }
  local seen = {}
  for line = 0, 5 do
    seen[#seen + 1] = { rows.row_of(line, lines) }
  end
  return { seen, { rows.line_of(1, 3, lines) }, { rows.line_of(1, 4, lines) }, { rows.line_of(3, 0, lines) } }
]])
T.equal(found[1], { { 1, 0 }, { 1, 1 }, { 1, 2 }, { 2, 0 }, { 3, 0 }, { 3, 0 } }, "rows")
T.equal({ found[2], found[3], found[4] }, { { 1, 2 }, { 2, 4 }, { 4, 0 } }, "lines")
