local T = require("support")

local child = T.child()
child:open_indexed("utils.py")

-- The picker opens with the best hit on its first line and that function in the preview.
child:type(":Cascode strip the ANSI escape codes from a text<CR>")
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
child:wait(
  "the last answer",
  [[
  local config = vim.api.nvim_win_get_config(0)
  return config.footer and not config.footer[1][1]:find("ordering", 1, true)
]]
)
local list, view = unpack(child:floats())
T.contains(list.title, "strip the ANSI escape codes", "title of the list")
T.contains(list.footer, "hits", "footer of the list")
T.contains(list.lines[1], "strip_ansi", "first line of the list")
local name, path, line = list.lines[1]:match("(%S+)  (%S+):(%d+)%s*$")
T.contains(view.title, ("%s:%s"):format(path, line), "title of the preview")
T.contains(view.lines[tonumber(line)], "def strip_ansi", "line of the preview")
T.equal(name, "strip_ansi", "name of the first hit")

-- <CR> opens it: cursor on the name, the place before in the jump list, in the middle of the window.
child:type("<CR>")
child:wait("the hit's file", [[return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == ...]], path)
T.equal(#child:floats(), 0, "floating windows left")
local row, column = unpack(child:lua("return vim.api.nvim_win_get_cursor(0)"))
T.equal(row, tonumber(line), "line of the cursor")
T.equal(child:lua([[return vim.fn.expand("<cword>")]]), "strip_ansi", "word under the cursor")
assert(column > 0, "the cursor stands on the name, behind `def`")
child:type("<C-o>")
child:wait("the way back", [[return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == "utils.py"]])

-- Without a query it asks for one and offers the last.
child:type(":Cascode<CR>")
child:wait("the prompt", [[return vim.fn.getcmdtype() == "@"]])
T.equal(child:lua("return vim.fn.getcmdline()"), "strip the ANSI escape codes from a text", "the query offered")
child:type("<CR>")
child:wait("the picker again", [[return vim.bo.filetype == "cascode-hits"]])
child:type("q")
child:wait("the picker closed", [[return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == "utils.py"]])

-- Filters reach the server; what can not be read is said.
child:type(":Cascode kind=method path=_compat.py write to the stream<CR>")
child:wait("the picker with filters", [[return vim.bo.filetype == "cascode-hits"]])
for _, hit in ipairs(child:floats()[1].lines) do
  T.contains(hit, "_compat.py", "a hit of the filtered search")
end
child:type("<Esc>")
child:type(":Cascode limit=none anything<CR>")
child:notified("limit=none")
