-- Defines the commands and nothing else: every module is loaded by the first command that needs it.
if vim.g.loaded_cascode then
  return
end
vim.g.loaded_cascode = true

---@param name string
---@param run fun(command: vim.api.keyset.create_user_command.command_args)
---@param opts vim.api.keyset.user_command
local function command(name, run, opts)
  vim.api.nvim_create_user_command(name, function(args)
    -- The client is configured the way Neovim 0.11 does it.
    if vim.fn.has("nvim-0.11") == 0 then
      vim.notify("cascode: needs Neovim 0.11 or later", vim.log.levels.ERROR)
      return
    end
    run(args)
  end, opts)
end

command("Cascode", function(args)
  require("cascode").search(args.args, { picker = args.bang and "quickfix" or nil })
end, {
  nargs = "*",
  bang = true,
  desc = "Search code in plain words (! = into the quickfix list)",
  complete = function(lead, line)
    return require("cascode.query").complete(lead, line)
  end,
})

command("CascodeSimilar", function(args)
  local range = args.range > 0 and { args.line1, args.line2 } or nil
  require("cascode").similar({ range = range, picker = args.bang and "quickfix" or nil })
end, { bang = true, range = true, desc = "Find functions like the one under the cursor or the selection" })

command("CascodeStatus", function()
  require("cascode").status()
end, { desc = "Show the state of the index" })

command("CascodeSkipped", function()
  require("cascode").skipped()
end, { desc = "List the paths that were skipped, with the reason" })

command("CascodePause", function()
  require("cascode").pause()
end, { desc = "Pause indexing" })

command("CascodeResume", function()
  require("cascode").resume()
end, { desc = "Go on indexing" })

command("CascodeReindex", function(args)
  require("cascode").reindex({ full = args.bang })
end, { bang = true, desc = "Read changed files again (! = every file)" })

command("CascodeLog", function()
  require("cascode").log()
end, { desc = "Open the log of the server" })
