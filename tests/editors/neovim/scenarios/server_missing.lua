local T = require("support")

local child = T.child({ server = { "cascode-that-is-not-there", "serve" } })
-- Enabled, it stays silent, as Neovim does: one configuration serves machines with and without the server.
child:lua('vim.lsp.enable("cascode")')
child:cmd("edit utils.py")
T.equal(child:lua("return _G.messages"), {}, "messages when a file is opened")
-- A search says what is missing, and the way out.
child:type(":Cascode anything<CR>")
local message = child:notified('the server "cascode-that-is-not-there" was not found')
T.contains(message, "pip install", "message of the search")
T.contains(message, "vim.lsp.config", "message of the search")
-- So does the health check.
child:cmd("checkhealth cascode")
local report = table.concat(child:lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)"), "\n")
T.contains(report, 'the server "cascode-that-is-not-there" was not found', "health report")

-- A server that dies while it starts is no hang.
local dying = T.child({ server = { "false" } })
dying:cmd("edit utils.py")
dying:type(":Cascode anything<CR>")
dying:notified("the server exited during startup")
