-- The language server, for `vim.lsp.enable("cascode")`. Everything here may be overridden with
-- `vim.lsp.config("cascode", { ... })`.

---@type vim.lsp.Config
return {
  cmd = (vim.g.cascode or {}).cmd or { "cascode", "serve", "--stdio" },
  -- No filetypes: a workspace is searched from its README as well as from its sources.
  workspace_required = true,
  root_dir = function(bufnr, on_dir)
    -- Not called for a buffer without a workspace: no server starts for it.
    local root = require("cascode.root").automatic(bufnr)
    if root then
      on_dir(root)
    end
  end,
  before_init = function(params, config)
    params.initializationOptions = require("cascode.config").initialization_options(config)
  end,
  handlers = {
    ["$/progress"] = function(err, params, ctx)
      if not require("cascode.partial").deliver(params) then
        return vim.lsp.handlers["$/progress"](err, params, ctx)
      end
    end,
    ["cascode/status"] = function(_, status, ctx)
      require("cascode.status").update(ctx.client_id, status)
    end,
  },
  on_exit = function(_, _, client_id)
    vim.schedule(function()
      require("cascode.client").exited(client_id)
      require("cascode.status").forget(client_id)
    end)
  end,
}
