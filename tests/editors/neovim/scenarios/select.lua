local T = require("support")

local child = T.child()
child:lua([[require("cascode").setup({ picker = "select", enable = false })]])
child:open_indexed("utils.py")
-- Neovim's own vim.ui.select() is a numbered list that waits for a number.
child:cmd("Cascode strip the ANSI escape codes from a text")
assert(
  vim.wait(60000, function()
    return vim.rpcrequest(child.channel, "nvim_get_mode").mode == "c"
  end, 20),
  "no list was shown"
)
child:type("1<CR>")
child:wait("the hit's file", [[return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == "_compat.py"]])
T.equal(child:lua([[return vim.fn.expand("<cword>")]]), "strip_ansi", "word under the cursor")

-- One that a plugin put in its place is chosen by itself, gets the hits, and may be left without a choice.
child:lua([[
  require("cascode").setup({ enable = false })
  vim.ui.select = function(items, opts, on_choice)
    _G.selected = { count = #items, prompt = opts.prompt, kind = opts.kind, first = opts.format_item(items[1]) }
    on_choice(nil)
  end
]])
child:cmd("Cascode write to a pager")
local selected = child:wait("the list", "return _G.selected")
T.contains(selected.prompt, "write to a pager (", "prompt")
T.contains(selected.first, ".py:", "first line")
T.equal(selected.kind, "cascode", "kind")
T.equal(child:lua([[return vim.fs.basename(vim.api.nvim_buf_get_name(0))]]), "_compat.py", "buffer after no choice")
