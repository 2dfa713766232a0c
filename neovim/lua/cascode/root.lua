-- Which folder is the workspace of a buffer.
local M = {}

--- Folders that a version control system marks: the whole repository is the workspace, also in a monorepo.
M.REPOSITORY_MARKERS = { "cascode.toml", ".git", ".hg", ".jj", ".svn" }

--- Files that mark a project of some language, where no repository is.
M.PROJECT_MARKERS = {
  "pyproject.toml",
  "setup.py",
  "requirements.txt",
  "package.json",
  "tsconfig.json",
  "go.mod",
  "go.work",
  "Cargo.toml",
  "pom.xml",
  "build.gradle",
  "build.gradle.kts",
  "settings.gradle",
  "composer.json",
  "Gemfile",
  "CMakeLists.txt",
  "compile_commands.json",
  "meson.build",
  "configure.ac",
  "Makefile",
}

-- Sources of dependencies: one look into a library must not index it as a workspace of its own.
local DEPENDENCIES = {
  "/node_modules/",
  "/site%-packages/",
  "/dist%-packages/",
  "/%.cargo/registry/",
  "/%.rustup/",
  "/pkg/mod/",
  "/%.m2/repository/",
  "/%.gem/",
}

--- Whether a folder is too wide to be a workspace: the home folder or a file system's root.
---@param folder string
---@return boolean
function M.too_wide(folder)
  local normal = vim.fs.normalize(folder)
  local home = vim.fs.normalize("~")
  return normal == home or vim.fs.dirname(normal) == normal or normal:match("^%a:/?$") ~= nil
end

--- The nearest marked folder above a path or a buffer.
---@param source integer|string Buffer number or path.
---@return string?
local function marked(source)
  -- A home folder that is a repository (of dotfiles, say) does not hide the projects below it.
  for _, markers in ipairs({ M.REPOSITORY_MARKERS, M.PROJECT_MARKERS }) do
    local root = vim.fs.root(source, markers)
    if root and not M.too_wide(root) then
      return vim.fs.normalize(root)
    end
  end
end

--- Whether a buffer shows a file on this machine.
---@param bufnr integer
---@return boolean
local function is_file(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  return vim.bo[bufnr].buftype == "" and name ~= "" and (name:match("^%a[%w+.-]+://") == nil)
end

--- The workspace that a buffer belongs to without anybody asking; nil where no server should start by itself.
---@param bufnr integer
---@return string?
function M.automatic(bufnr)
  if not is_file(bufnr) then
    return nil
  end
  local path = vim.fs.normalize(vim.api.nvim_buf_get_name(bufnr))
  for _, pattern in ipairs(DEPENDENCIES) do
    if path:find(pattern) then
      return nil
    end
  end
  return marked(bufnr)
end

--- The workspace of a search: that of the buffer, else that of the current folder, else the current folder itself.
---@param bufnr integer
---@return string? root
---@return string? problem
function M.asked(bufnr)
  local root = M.automatic(bufnr)
  if root then
    return root
  end
  local folder = vim.fs.normalize(vim.fn.getcwd())
  root = marked(folder)
  if root then
    return root
  end
  if M.too_wide(folder) then
    return nil, ("%s is too wide for a workspace; open a file of a project or :cd into one"):format(folder)
  end
  return folder
end

return M
