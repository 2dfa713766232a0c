-- `nvim -l run.lua NAME`: runs one scenario; its error is the exit code's reason.
local here = vim.fs.dirname(vim.fs.abspath and vim.fs.abspath(arg[0]) or vim.fn.fnamemodify(arg[0], ":p"))
package.path = here .. "/?.lua;" .. package.path

local support = require("support")
local children = {}
local start = support.child
support.child = function(opts)
  local child = start(opts)
  table.insert(children, child)
  return child
end

local ok, problem = xpcall(dofile, debug.traceback, ("%s/scenarios/%s.lua"):format(here, arg[1]))
for _, child in ipairs(children) do
  child:quit()
end
if not ok then
  io.stderr:write(problem .. "\n")
  os.exit(1)
end
