-- Neovim runs LuaJIT and provides one global.
std = "luajit"
read_globals = { "vim" }
globals = { "vim.g", "vim.o", "vim.bo", "vim.wo", "vim.opt_local", "vim.env", "vim.ui.select", "vim.ui.input", "vim.notify" }
max_line_length = 120
-- A handler's signature is given by its caller.
unused_args = false
