local T = require("support")

local readme = table.concat(vim.fn.readfile(T.plugin .. "/README.md"), "\n")
local function block(after)
  local from = assert(select(2, readme:find(after, 1, true)), "the README has no: " .. after)
  return assert(readme:match("```lua\n(.-)\n```", from))
end

local init = vim.fs.joinpath(vim.fs.dirname(T.workspace), "init.lua")
local by_hand = block("By hand, from a clone:"):gsub("~/src/cascode/neovim", T.plugin)
vim.fn.writefile(vim.split(by_hand, "\n"), init)
local child = T.child({ init = init })
T.equal(child:lua([[return vim.fn.exists(":Cascode")]]), 2, ":Cascode exists")
child:cmd("edit utils.py")
child:wait("the client", "return _G.client() ~= nil")
child:cmd("help cascode")
T.equal(child:lua([[return vim.fs.basename(vim.api.nvim_buf_get_name(0))]]), "cascode.txt", "help file")

-- The options that the README names are all known, and its defaults are the defaults.
local setup = block("Nothing has to be. `setup()`"):gsub("enable = true", "enable = false")
local configured = T.child()
local before = configured:lua([[return require("cascode.config").get()]])
configured:lua(setup)
T.equal(configured:lua("return _G.messages"), {}, "messages of the README's setup()")
local after = configured:lua([[return require("cascode.config").get()]])
after.cmd, after.enable, before.enable = nil, nil, nil
T.equal(after, before, "the README's defaults")
