local T = require("support")

local child = T.child()
child:open_indexed("_compat.py")
child:lua([[vim.fn.search("def get_binary_stdin", "w") vim.cmd("normal! j")]])
child:type(":CascodeSimilar<CR>")
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
local lines = table.concat(child:floats()[1].lines, "\n")
T.contains(lines, "get_binary_stdout", "hits")
assert(not lines:find("get_binary_stdin ", 1, true), "the function itself is a hit")
child:type("q")

-- A selection: its text is the query, and the selected code is no hit.
child:wait("the buffer", [[return vim.bo.filetype == "python"]])
child:lua([[vim.fn.search("def get_binary_stdin", "w")]])
child:type("Vjjj:CascodeSimilar<CR>")
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
local list = child:floats()[1]
T.contains(list.title, "like lines", "title")
T.contains(table.concat(list.lines, "\n"), "get_binary_stdout", "hits")
assert(not table.concat(list.lines, "\n"):find("get_binary_stdin ", 1, true), "the selection itself is a hit")
child:type("q")

-- Outside of any function the server's reason is shown; without a file there is no question to ask.
child:wait("the buffer", [[return vim.bo.filetype == "python"]])
child:cmd("normal! gg")
child:cmd("CascodeSimilar")
child:notified("no definition")
child:cmd("enew")
child:cmd("CascodeSimilar")
child:notified("has no file")
