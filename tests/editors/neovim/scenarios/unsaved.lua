local T = require("support")

local child = T.child()
child:open_indexed("utils.py")
local first = child:lua([[
  vim.api.nvim_buf_set_lines(0, 0, 0, false, {
    "def pour_hot_chocolate_into_mugs(mugs, jug):",
    '    """Pour hot chocolate from a jug into mugs until the jug is empty."""',
    "    for mug in mugs:",
    "        jug.pour(mug)",
    "",
    "",
  })
  return vim.api.nvim_buf_line_count(0)
]])
-- Typed, not saved: it is found with the line that it has in the buffer, and so is what moved down.
child:cmd("Cascode pour hot chocolate into mugs")
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
child:wait(
  "the new function",
  [[
  return vim.api.nvim_buf_get_lines(0, 0, 1, false)[1]:find("pour_hot_chocolate_into_mugs", 1, true)
]]
)
local _, view = unpack(child:floats())
T.equal(#view.lines, first, "lines in the preview")
T.contains(view.lines[1], "pour_hot_chocolate", "first line of the preview")
child:type("<CR>")
child:wait("the buffer", [[return vim.bo.filetype == "python"]])
T.equal(child:lua("return { vim.api.nvim_win_get_cursor(0)[1], vim.bo.modified }"), { 1, true }, "line, modified")
T.equal(child:lua([[return vim.fn.expand("<cword>")]]), "pour_hot_chocolate_into_mugs", "word under the cursor")

-- From another buffer, with the edited one hidden: nothing is lost and the line is right.
child:cmd("edit core.py")
child:cmd("Cascode path=utils.py kind=function open a file or a standard stream from a name")
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
child:type("<CR>")
child:wait("the edited buffer", [[return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == "utils.py"]])
T.equal(child:lua("return vim.bo.modified"), true, "still modified")
local word = child:lua([[return vim.fn.expand("<cword>")]])
T.contains(child:lua("return vim.api.nvim_get_current_line()"), "def " .. word, "line of the cursor")
-- The file itself was not written.
local on_disk = vim.fn.readfile(T.workspace .. "/utils.py")
assert(not on_disk[1]:find("chocolate", 1, true), "the file was written")

-- Undone, it is gone from the answers.
child:lua("vim.cmd('silent earlier 1f')")
child:wait(
  "the function gone",
  [[
  for _, hit in ipairs(_G.ask("search", { query = "pour hot chocolate into mugs" }).hits) do
    if hit.name:find("chocolate", 1, true) then return false end
  end
  return true
]]
)
