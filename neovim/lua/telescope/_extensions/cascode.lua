-- `:Telescope cascode query=...` and `:Telescope cascode similar`
local telescope = require("telescope")

return telescope.register_extension({
  exports = {
    cascode = function(opts)
      require("cascode").search(opts.query or "", { picker = "telescope" })
    end,
    similar = function()
      require("cascode").similar({ picker = "telescope" })
    end,
  },
})
