local T = require("support")

local child = T.child()
-- A picker of one's own sees what every picker sees.
child:lua([[
  _G.seen, _G.sessions, _G.foreign = {}, {}, {}
  vim.g.cascode = { limit = 5 }
  require("cascode").setup({
    enable = false,
    -- The bundled model asks for no second stage by itself.
    settings = { search = { rerankTop = 10 } },
    picker = function(session)
      table.insert(_G.sessions, session)
      session:listen(function(s)
        table.insert(_G.seen, { phase = s.phase, hits = #s.hits, title = s.title, summary = s:summary() })
      end)
    end,
  })
  vim.api.nvim_create_autocmd("LspProgress", {
    callback = function(event)
      local token = tostring(event.data.params.token)
      if vim.startswith(token, "cascode.nvim-") then
        table.insert(_G.foreign, token)
      end
    end,
  })
]])
child:open_indexed("utils.py")

-- The fast stage's hits come first, the last answer after them; options of both places are in force.
child:cmd("Cascode rerank=true read the password from the terminal")
child:wait("the last answer", "return _G.seen[#_G.seen] and _G.seen[#_G.seen].phase == 'done'")
local seen = child:lua("return _G.seen")
T.equal(
  vim.tbl_map(function(one)
    return one.phase
  end, seen),
  { "fast", "done" },
  "phases"
)
T.equal({ seen[1].hits, seen[2].hits }, { 5, 5 }, "hits of both phases")
T.contains(seen[1].summary, "ordering", "summary of the fast phase")
-- Other plugins' progress displays are not shown our partial results.
T.equal(child:lua("return _G.foreign"), {}, "tokens that reached LspProgress")

-- A new search gives the one before up: on our side at once, and on the server's.
child:lua("_G.seen = {}")
child:lua([[
  require("cascode").search("rerank=true parse the command line arguments of a program")
  require("cascode").search("rerank=true echo a message in colour")
]])
child:wait("the second answer", "return _G.seen[#_G.seen] and _G.seen[#_G.seen].phase == 'done'")
T.equal(child:lua("return _G.sessions[2].phase"), "cancelled", "phase of the first search")
T.equal(child:lua("return _G.sessions[3].phase"), "done", "phase of the second search")
for _, one in ipairs(child:lua("return _G.seen")) do
  if one.phase ~= "cancelled" then
    T.contains(one.title, "echo a message", "title of an answer")
  end
end
child:wait(
  "no request left",
  [[
  for _, request in pairs(_G.client().requests) do
    if request.type == "pending" then return false end
  end
  return true
]]
)
T.equal(child:lua("return _G.messages"), {}, "messages")

-- Words that nothing in this workspace is about: the hits are shown, and the doubt is said.
child:lua("_G.seen = {}")
child:cmd("Cascode photosynthesis of marine algae in cold seawater")
child:wait("an answer", "return _G.seen[#_G.seen] and _G.seen[#_G.seen].phase == 'done'")
local last = child:lua("return _G.seen[#_G.seen]")
T.contains(last.summary, "nothing matches well", "summary of an answer without a good hit")

-- No hit at all is a message, not an empty picker.
child:cmd("Cascode path=no/such/folder/** anything at all")
child:notified("nothing found")
