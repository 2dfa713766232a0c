local T = require("support")

local child = T.child()
-- A wrong option is named with what is expected; the others hold.
child:lua([[
  vim.g.cascode = { picker = "selekt", limit = 7 }
  require("cascode").setup({
    settings = { search = { limit = 3 } },
    limit = 2.5,
    colour = "red",
    keymaps = { search = "<leader>s", similar = "gs", status = "<leader>S" },
    trusted = function(root) _G.asked_about = root return true end,
  })
  _G.config = require("cascode.config").get()
]])
child:notified('vim.g.cascode: option picker is "selekt"; expected one of: auto, select')
child:notified("setup(): option limit is 2.5; expected a whole number from 1")
child:notified('setup(): unknown option "colour"; known: cmd, enable, keymaps')
T.equal(child:lua("return { _G.config.picker, _G.config.limit }"), { "auto", 7 }, "picker, limit")
T.equal(child:lua([[return vim.fn.maparg("gs", "x")]]), ":CascodeSimilar<CR>", "the map of the selection")
T.equal(child:lua([[return vim.fn.maparg("gs", "n")]]), "<Cmd>CascodeSimilar<CR>", "the map of the cursor")

-- What the server receives: the settings, the user's trust, who asks.
child:cmd("edit utils.py")
child:wait("the client", "return _G.client() ~= nil")
local options = child:lua([[return _G.client().config.settings.cascode]])
T.equal(options, { search = { limit = 3 } }, "settings")
T.equal(child:lua("return _G.asked_about"), vim.uv.fs_realpath(T.workspace), "the workspace in question")
child:wait("the limit", [[return #_G.ask("search", { query = "write to a stream" }).hits == 3]])
-- A change takes hold while the server runs.
child:lua([[
  _G.client().settings = { cascode = { search = { limit = 4 } } }
  _G.client():notify("workspace/didChangeConfiguration", { settings = _G.client().settings })
]])
child:wait("the new limit", [[return #_G.ask("search", { query = "write to a stream" }).hits == 4]])
