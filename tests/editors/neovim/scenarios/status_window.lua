local T = require("support")

local child = T.child()
child:open_indexed("utils.py")
local function says(text)
  child:wait(
    "a status window with " .. text,
    [[
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      local buffer = vim.api.nvim_win_get_buf(window)
      if vim.bo[buffer].filetype == "cascode-status" then
        local lines = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
        if lines:find(..., 1, true) then return true end
      end
    end
  ]],
    text
  )
end
child:cmd("CascodeStatus")
says("ready")
local first = child:floats()[1].window

-- Asked again, from the window itself and from a file, the same window is gone to.
child:lua([[
  _G.answers = 0
  local client = require("cascode.client")
  local execute = client.execute
  client.execute = function(server, command, arguments, bufnr, callback)
    return execute(server, command, arguments, bufnr, function(...)
      callback(...)
      _G.answers = _G.answers + 1
    end)
  end
]])
child:cmd("CascodeStatus")
child:wait("the second answer", "return _G.answers == 1")
T.equal(#child:floats(), 1, "windows after asking in the window")
child:cmd("wincmd p")
T.equal(child:lua("return vim.bo.filetype"), "python", "the file's window")
child:cmd("CascodeStatus")
child:wait("the third answer", "return _G.answers == 2")
T.equal(#child:floats(), 1, "windows after asking in the file")
T.equal(child:lua("return vim.api.nvim_get_current_win()"), first, "the current window")

-- It does not go on saying "ready" for a server that has ended, and follows the one that the next search starts.
child:lua("_G.client():stop(true)")
says("the server is not running")
child:cmd("wincmd p")
child:cmd("Cascode strip the ANSI escape codes")
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
child:type("q")
says("ready")

-- Closed, it opens again.
child:lua("vim.api.nvim_win_close(..., true)", first)
child:wait("the file", [[return vim.bo.filetype == "python"]])
child:cmd("CascodeStatus")
says("ready")
T.equal(#child:floats(), 1, "windows after opening it again")
T.equal(child:lua("return _G.messages"), {}, "messages")
