local T = require("support")

-- A second project beside the first.
local other = vim.fs.joinpath(vim.fs.dirname(T.workspace), "bakery")
vim.fn.mkdir(vim.fs.joinpath(other, "src"), "p")
vim.fn.writefile({ "[project]", 'name = "bakery"' }, vim.fs.joinpath(other, "pyproject.toml"))
vim.fn.writefile({
  "def knead_the_dough(flour, water):",
  '    """Knead flour and water into a dough."""',
  "    return mix(flour, water)",
}, vim.fs.joinpath(other, "src/dough.py"))

local function names(child, query)
  child:cmd("Cascode! " .. query)
  child:wait("the quickfix window", [[return vim.bo.buftype == "quickfix"]])
  child:cmd("cclose")
  local files = child:lua([[
    return vim.tbl_map(function(item) return vim.api.nvim_buf_get_name(item.bufnr) end, vim.fn.getqflist())
  ]])
  child:lua([[vim.fn.setqflist({}, "f")]])
  return files
end

-- Each project has its server, and a search asks that of the buffer.
local child = T.child()
child:open_indexed("utils.py")
child:cmd("edit " .. vim.fs.joinpath(other, "src/dough.py"))
child:wait("the second client", [[return #vim.lsp.get_clients({ name = "cascode" }) == 2]])
for _, file in ipairs(names(child, "knead flour and water into a dough")) do
  T.contains(file, "bakery", "a hit of the second project")
end
child:cmd("edit utils.py")
for _, file in ipairs(names(child, "knead flour and water into a dough")) do
  T.contains(file, "/click/", "a hit of the first project")
end

-- One server can look after both.
local joined = T.child()
joined:open_indexed("utils.py")
joined:lua("vim.lsp.buf.add_workspace_folder(...)", other)
joined:wait(
  "a hit of the added folder",
  [[
  local hits = _G.ask("search", { query = "knead flour and water into a dough" }).hits
  return hits[1] and hits[1].name == "knead_the_dough"
]]
)
joined:cmd("Cascode knead flour and water into a dough")
joined:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
T.contains(joined:floats()[1].lines[1], "bakery/src/dough.py:1", "first line names its workspace")
joined:type("<CR>")
joined:wait("the file", [[return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == "dough.py"]])
