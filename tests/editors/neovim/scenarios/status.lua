local T = require("support")

local child = T.child()
T.equal(child:lua([[return require("cascode").statusline()]]), "", "status line without a server")
child:lua([[
  _G.events = 0
  vim.api.nvim_create_autocmd("User", {
    pattern = "CascodeStatus",
    callback = function() _G.events = _G.events + 1 end,
  })
]])
child:open_indexed("utils.py")
child:wait("a status notification", "return _G.events > 0")
child:wait("the status line", [[return require("cascode").statusline() == "CasCode"]])

-- The window says what there is and follows the server.
child:type(":CascodeStatus<CR>")
child:wait("the status window", [[return vim.bo.filetype == "cascode-status"]])
local text = table.concat(child:floats()[1].lines, "\n")
T.contains(text, "ready", "status")
T.contains(text, "0 still to index", "status")
T.contains(text, "click", "status")
child:lua([[require("cascode").pause()]])
child:notified("indexing is paused")
child:wait(
  "the window to follow",
  [[
  return vim.api.nvim_buf_get_lines(0, 0, 1, false)[1]:find("paused", 1, true)
]]
)
T.equal(child:lua([[return require("cascode").statusline()]]), "CasCode paused", "status line while paused")
child:type("q")
child:wait("the window closed", [[return vim.bo.filetype == "python"]])
child:cmd("CascodeResume")
child:notified("indexing resumed")
child:wait("the status line", [[return require("cascode").statusline() == "CasCode"]])

-- What was skipped is listed with its reason.
child:lua([[vim.fn.writefile({ "secret.py" }, ".gitignore"); vim.fn.writefile({ "x = 1" }, "secret.py")]])
child:cmd("CascodeSkipped")
child:wait("the list of skipped paths", [[return vim.bo.buftype == "quickfix"]])
T.contains(child:lua("return vim.fn.getline(1)"), "secret.py", "skipped")
T.contains(child:lua("return vim.fn.getline(1)"), "ignored", "skipped")
child:cmd("cclose")

-- A full look at every file keeps the functions.
local before = child:lua([[return _G.ask("status").functions]])
child:cmd("CascodeReindex!")
child:notified("every file is read again")
child:wait(
  "the same index again",
  [[
  local status = _G.ask("status")
  return status.state == "ready" and status.pending == 0 and status.functions == ...
]],
  before
)

-- The log opens at its end and can not be changed by accident.
child:cmd("CascodeLog")
child:wait("the log", [[return vim.api.nvim_buf_get_name(0):match("%.log$")]])
T.equal(child:lua("return { vim.bo.readonly, vim.bo.modifiable }"), { true, false }, "readonly, modifiable")
child:cmd("close")

-- The health check names server, index and picker, and finds nothing wrong.
child:cmd("checkhealth cascode")
local report = table.concat(child:lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)"), "\n")
T.contains(report, "Neovim 0.11", "health report")
T.contains(report, T.server, "health report")
T.contains(report, "enabled for every workspace", "health report")
T.contains(report, before .. " definitions", "health report")
T.contains(report, "picker: window", "health report")
assert(not report:find("ERROR", 1, true), report)

-- A server that was killed is started again by the next search.
child:cmd("edit utils.py")
child:lua([[
  _G.first_id = _G.client().id
  _G.client():stop(true)
]])
child:wait("the end of the server", "return _G.client() == nil")
child:wait("an empty status line", [[return require("cascode").statusline() == ""]])
child:cmd("Cascode strip the ANSI escape codes")
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
T.equal(child:lua("return _G.client().id ~= _G.first_id"), true, "a new client")
