local T = require("support")

-- Without our plugin: what any client of the protocol gets.
local child = T.child({ bare = true })
child:cmd("edit utils.py")
child:lua(
  [[
  local server = ...
  _G.exited = nil
  vim.lsp.start({
    name = "cascode",
    cmd = { server, "serve" },
    root_dir = vim.uv.cwd(),
    on_exit = function(code, signal) _G.exited = { code, signal } end,
  })
]],
  T.server
)
child:wait("the client", "return _G.client() ~= nil")
local info = child:lua("return _G.client().server_info")
T.contains(info.name:lower(), "cascode", "name of the server")
child:wait(
  "a ready index",
  [[
  local status = _G.ask("status")
  return status.state == "ready" and status.pending == 0 and status.functions > 0
]]
)
local answer = child:lua([[return _G.ask("search", { query = "strip the ANSI escape codes from a text" })]])
T.equal(answer.hits[1].name, "strip_ansi", "first hit")
child:lua("_G.client():stop()")
T.equal(child:wait("the end of the server", "return _G.exited"), { 0, 0 }, "exit code and signal")
