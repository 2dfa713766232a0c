local T = require("support")

local child = T.child()
child:open_indexed("utils.py")
-- With a bang the hits go into the quickfix list, in their order, with lines and columns that are right.
child:cmd("Cascode! rerank=true strip the ANSI escape codes from a text")
child:wait("the quickfix window", [[return vim.bo.buftype == "quickfix"]])
child:wait(
  "the last answer",
  [[
  local title = vim.fn.getqflist({ title = 0 }).title
  return title:find("hits", 1, true) and not title:find("ordering", 1, true)
]]
)
local list = child:lua("return vim.fn.getqflist({ items = 0, title = 0, nr = '$' })")
T.equal(list.nr, 1, "number of lists: the last answer replaces the first")
T.contains(list.title, "CasCode: strip the ANSI escape codes", "title")
local found
for _, item in ipairs(list.items) do
  T.equal(item.valid, 1, "validity of an entry")
  found = found or (item.text:find("def strip_ansi", 1, true) and item)
end
assert(found, "strip_ansi is not in the list")
child:cmd("cclose")
child:cmd("cfirst")
local line, word = unpack(child:lua([[return { vim.api.nvim_get_current_line(), vim.fn.expand("<cword>") }]]))
T.contains(line, "def " .. word, "line of the first entry")
local entry = child:lua("return vim.fn.getqflist()[1]")
T.equal(child:lua("return vim.api.nvim_win_get_cursor(0)"), { entry.lnum, entry.col - 1 }, "place of the first entry")
child:cmd("cnext")

-- From the picker with <C-q>.
child:cmd("Cascode strip the ANSI escape codes from a text")
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
local lines = #child:floats()[1].lines
child:type("<C-q>")
child:wait("the quickfix window", [[return vim.bo.buftype == "quickfix"]])
T.equal(child:lua("return #vim.fn.getqflist()"), lines, "entries")
T.equal(#child:floats(), 0, "floating windows left")

-- Standard: a symbol search with the sigil, without any command of ours.
child:cmd("cclose")
child:lua([[
  vim.fn.setqflist({}, "f")
  vim.lsp.buf.workspace_symbol("? strip the ANSI escape codes", {
    on_list = function(result) vim.fn.setqflist({}, " ", result) end,
  })
]])
child:wait("the symbols", "return #vim.fn.getqflist() > 0")
local names = child:lua("return vim.tbl_map(function(item) return item.text end, vim.fn.getqflist())")
T.contains(table.concat(names, "\n"), "strip_ansi", "symbols")
