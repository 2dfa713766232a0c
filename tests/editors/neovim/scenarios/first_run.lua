local T = require("support")

-- An index directory that has never been used, and a server that nobody enabled.
vim.env.CASCODE_INDEX_DIR = vim.fs.joinpath(vim.fs.dirname(T.workspace), "never-used")
local child = T.child()
-- Two unsaved buffers: the one that is searched from, and one in the background.
child:cmd("edit utils.py")
child:lua([[vim.api.nvim_buf_set_lines(0, 0, 0, false, { "def grind_coffee_beans(): return 1", "", "" })]])
child:cmd("edit core.py")
child:lua([[vim.api.nvim_buf_set_lines(0, 0, 0, false, { "def froth_the_milk(): return 2", "", "" })]])
T.equal(child:lua("return _G.client() == nil"), true, "no server before the first search")

child:type(":Cascode strip_ansi<CR>")
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
local list = child:floats()[1]
T.contains(list.lines[1], "strip_ansi", "first line")
T.contains(list.footer, "to index", "footer: the answer says that the index is not complete")
child:type("q")
T.equal(child:lua([[return require("cascode").statusline():match("^CasCode")]]), "CasCode", "status line")

for query, file in pairs({ ["grind coffee beans"] = "utils.py", ["froth the milk"] = "core.py" }) do
  child:wait("a search from the buffer", [[return vim.bo.filetype == "python"]])
  child:cmd("Cascode " .. query)
  child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
  T.contains(child:floats()[1].lines[1], file .. ":1", "first line for " .. query)
  child:type("q")
end
