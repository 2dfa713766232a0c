local T = require("support")

local child = T.child()
child:open_indexed("utils.py")
-- The server is stopped, asked, and killed: the answer that it owed is given in its place.
local pid = child:lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())[1]")
vim.uv.kill(pid, "sigstop")
child:cmd("Cascode strip the ANSI escape codes")
child:cmd("Cascode rerank=true write to a pager")
vim.uv.kill(pid, "sigkill")
child:notified("the server has exited")
child:wait("the end of the server", "return _G.client() == nil")
local ours = child:lua([[
  return vim.tbl_filter(function(one) return vim.startswith(one.message, "cascode:") end, _G.messages)
]])
T.equal(#ours, 1, "messages of ours: the search that was given up owes none")
-- The next search starts another.
child:cmd("Cascode strip the ANSI escape codes")
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
