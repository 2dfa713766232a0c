local T = require("support")

local child = T.child()
local base = vim.fs.joinpath(vim.fs.dirname(T.workspace), "roots")
local function file(path)
  local full = vim.fs.joinpath(base, path)
  vim.fn.mkdir(vim.fs.dirname(full), "p")
  vim.fn.writefile({ "" }, full)
  return full
end
local function root_of(path)
  child:cmd("edit " .. file(path))
  local root = child:lua([[return require("cascode.root").automatic(0)]])
  return root ~= vim.NIL and vim.fs.relpath(base, root) or nil
end

vim.fn.mkdir(vim.fs.joinpath(base, "mono/.git"), "p")
file("mono/packages/a/package.json")
T.equal(root_of("mono/packages/a/src/index.ts"), "mono", "a repository wins over a package in it")
for _, marker in ipairs({ "pyproject.toml", "package.json", "go.mod", "Cargo.toml", "pom.xml", "CMakeLists.txt" }) do
  local folder = "single-" .. marker
  file(folder .. "/" .. marker)
  T.equal(root_of(folder .. "/deep/er/file.txt"), folder, "root by " .. marker)
end
T.equal(root_of("plain/notes.txt"), nil, "a file outside of any project")
file("lib/node_modules/left/package.json")
T.equal(root_of("lib/node_modules/left/index.js"), nil, "a dependency")
child:cmd("enew")
T.equal(child:lua([[return require("cascode.root").automatic(0)]]), vim.NIL, "a buffer without a file")

-- A search there takes the current folder, unless that is the home folder.
child:cmd("cd " .. vim.fs.joinpath(base, "plain"))
T.equal(child:lua([[return require("cascode.root").asked(0)]]), vim.fs.joinpath(base, "plain"), "a folder asked for")
vim.fn.mkdir(vim.fs.joinpath(vim.env.HOME, ".git"), "p")
child:cmd("cd " .. vim.env.HOME)
child:cmd("Cascode anything")
child:notified("too wide for a workspace")
T.equal(child:lua("return _G.client() == nil"), true, "no server for the home folder")
