---@brief
---
--- https://github.com/cascode-search/cascode
---
--- Local semantic code search: ask a workspace in plain words. `:lua vim.lsp.buf.workspace_symbol("? retry a failed upload")`
--- asks through symbols; the plugin in the `neovim` folder of the repository adds a command with a live preview.
---
--- Install with `uv tool install cascode`, `pipx install cascode` or `pip install cascode`.
---@type vim.lsp.Config
return {
  cmd = { "cascode", "serve" },
  root_markers = { "cascode.toml", ".git" },
}
