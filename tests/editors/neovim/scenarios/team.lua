local T = require("support")

-- The pickers alone, fed with hits of a team's index as the server gives them beside one of the workspace.
local child = T.child()
child:cmd("edit utils.py")
child:lua([[
  local Session = require("cascode.session")
  local function place(line)
    return { start = { line = line - 1, character = 0 }, ["end"] = { line = line + 2, character = 0 } }
  end
  local function hit(name, path, line, more)
    return vim.tbl_extend("force", {
      uri = vim.uri_from_fname(vim.fs.joinpath(vim.uv.cwd(), path)), path = path, workspace = "click", name = name,
      kind = "function", language = "python", signature = "def " .. name .. "():", score = 1, probability = 0.5,
      start_line = line, end_line = line + 3, range = place(line), selectionRange = place(line), stage = "fast",
      match = "likely", repository = vim.NIL, revision = "",
    }, more or {})
  end
  local function theirs(name, line, revision)
    return hit(name, "src/pay.py", line, {
      uri = "cascode-team:/acme/billing/src/pay.py?" .. revision,
      workspace = "acme/billing", repository = "acme/billing", revision = revision,
    })
  end
  _G.commit = ("3f2a91c04b77"):rep(4):sub(1, 40)
  _G.show = function(picker)
    local session = Session.new("charge a credit card")
    require(picker).show(session)
    local hits = require("cascode.hit").as_vim_counts({
      theirs("charge", 12, _G.commit), theirs("refund", 80, _G.commit), hit("echo", "utils.py", 20),
    })
    session:take({ hits = hits, confident = true, team_note = vim.NIL, index = { pending = 0 } }, "done")
  end
]])
local commit = child:lua("return _G.commit")

-- The list names repository, path and revision; the preview says where the file is instead of looking for it.
child:lua([[_G.show("cascode.pickers.window")]])
child:wait("the picker", [[return vim.bo.filetype == "cascode-hits"]])
local list, view = unpack(child:floats())
T.equal(list.lines[1], "likely   charge  acme/billing/src/pay.py:12 @3f2a91c04b77", "a hit of the team's")
T.equal(list.lines[3], "likely   echo  utils.py:20", "a hit of the workspace")
T.equal(view.title, " acme/billing/src/pay.py:12 @3f2a91c04b77 ", "title of the preview")
local expected = {
  "def charge():",
  "",
  "acme/billing/src/pay.py, line 12",
  "revision " .. commit,
  "",
  "This file is in your team's index, and not in this workspace.",
}
T.equal(view.lines, expected, "preview")
-- Another hit of the same file has another text, and one of the workspace its file.
local function previewed(text)
  child:wait(
    "the preview of " .. text,
    [[
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      local buffer = vim.api.nvim_win_get_buf(window)
      if vim.api.nvim_win_get_config(window).relative ~= "" and vim.bo[buffer].filetype ~= "cascode-hits" then
        return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n"):find(..., 1, true) ~= nil
      end
    end
  ]],
    text
  )
end
child:type("j")
previewed("def refund():")
child:type("j")
previewed("from __future__ import annotations")
child:type("k")
previewed("def refund():")

-- Chosen, it says why it does not open; nothing is said to be deleted, and the buffer stays.
child:type("<CR>")
local said = child:notified("acme/billing/src/pay.py:80 @3f2a91c04b77")
T.contains(said, "in your team's index", "message")
child:wait("the buffer", [[return vim.bo.filetype == "python"]])
T.equal(child:lua("return #_G.messages"), 1, "messages")

-- In the quickfix list it has a place to read and none to go to.
child:lua([[_G.show("cascode.quickfix")]])
child:wait("the quickfix window", [[return vim.bo.buftype == "quickfix"]])
T.equal(
  child:lua("return vim.fn.getline(1)"),
  "acme/billing/src/pay.py:12 @3f2a91c04b77|| [likely] def charge():",
  "the first line"
)
local items = child:lua("return vim.fn.getqflist()")
T.equal({ items[1].bufnr, items[1].valid, items[3].valid }, { 0, 0, 1 }, "no file, not valid; a file")
T.equal(items[1].user_data.repository, "acme/billing", "the hit itself")
child:cmd("cclose")
child:cmd("normal! gg")
child:cmd("cc 2")
T.equal(child:lua("return { vim.fn.expand('%:t'), vim.fn.line('.') }"), { "utils.py", 1 }, "place after :cc")
child:cmd("cfirst")
child:cmd("cnext")
T.equal(child:lua("return vim.fn.line('.')"), 20, "line after :cnext")
T.equal(
  child:lua([[
    return vim.tbl_filter(function(buffer)
      return vim.api.nvim_buf_get_name(buffer):find("pay.py", 1, true) ~= nil
    end, vim.api.nvim_list_bufs())
  ]]),
  {},
  "buffers of the team's files"
)

-- What other pickers are given has no file either.
child:lua([[
  package.preload["snacks"] = function()
    return { picker = { pick = function(opts) _G.snacks = opts return { closed = true } end } }
  end
  package.preload["snacks.picker.actions"] = function()
    return { jump = function(picker) _G.jumped = picker:selected() end }
  end
  _G.show("cascode.pickers.snacks")
  _G.items = _G.snacks.finder()
  _G.confirm = function(...)
    local chosen, closed = { ... }, false
    _G.jumped = nil
    _G.snacks.confirm({
      list = { unselect = function(_, item)
        chosen = vim.tbl_filter(function(one) return one ~= item end, chosen)
      end },
      selected = function() return vim.list_slice(chosen) end,
      close = function() closed = true end,
    })
    return { closed = closed, jumped = _G.jumped and #_G.jumped or 0 }
  end
]])
local given = child:lua([[
  return vim.tbl_map(function(item) return { item.file ~= nil, type(item.preview), item.text } end, _G.items)
]])
local label = "charge  acme/billing/src/pay.py:12 @3f2a91c04b77  likely"
T.equal(given[1], { false, "table", label }, "an item of the team's")
T.equal(given[3], { true, "string", "echo  utils.py:20  likely" }, "an item of the workspace")
T.equal(child:lua("return _G.confirm(_G.items[1])"), { closed = true, jumped = 0 }, "a hit of the team's chosen")
T.equal(child:lua("return _G.confirm(_G.items[1], _G.items[3])"), { closed = false, jumped = 1 }, "both chosen")

-- Why the team had no part in an answer is said beside its hits, and where there are none.
local function summary(note)
  return child:lua(
    [[
      local session = require("cascode.session").new("a question")
      session:take({ hits = {}, confident = true, index = {}, team_note = ... }, "done")
      return session:summary()
    ]],
    note
  )
end
T.equal(summary(vim.NIL), "0 hits", "summary of an answer in which the team had a part")
T.equal(
  summary("without the team's index: db.example.org did not answer in 2 s"),
  "0 hits, without the team's index: db.example.org did not answer in 2 s",
  "summary of an answer without the team"
)
