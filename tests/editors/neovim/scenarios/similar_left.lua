local T = require("support")

local child = T.child()
child:open_indexed("_compat.py")

-- The server is gone and starts with the question; the person does not wait for it.
for _, leave in ipairs({ "vsplit core.py | wincmd p | close", "edit core.py | bwipeout #" }) do
  child:lua([[
    vim.lsp.enable("cascode", false)
    if _G.client() then _G.client():stop(true) end
  ]])
  child:wait("the end of the server", "return _G.client() == nil")
  child:cmd("edit _compat.py")
  child:lua(
    [[
      vim.fn.search("def get_binary_stdin", "w")
      vim.cmd("CascodeSimilar")
      vim.cmd("normal! gg")
      vim.cmd(...)
    ]],
    leave
  )
  T.equal(child:lua("return vim.fs.basename(vim.api.nvim_buf_get_name(0))"), "core.py", "the buffer after leaving")
  child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
  local lines = table.concat(child:floats()[1].lines, "\n")
  T.contains(lines, "get_binary_stdout", "hits after " .. leave)
  assert(not lines:find("get_binary_stdin ", 1, true), "the function itself is a hit")
  child:type("q")
  child:wait("the buffer", [[return vim.bo.filetype == "python"]])
end
