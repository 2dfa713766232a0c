local T = require("support")

local child = T.child()
local function completed(line)
  return child:lua([[return vim.fn.getcompletion(..., "cmdline")]], line)
end
T.equal(completed("Cascode la"), { "lang=" }, "a filter's name")
T.equal(completed("Cascode lang=ja"), { "lang=java", "lang=javascript" }, "a language")
T.equal(completed("Cascode kind=method lang=ru"), { "lang=ruby", "lang=rust" }, "a second filter")
T.equal(completed("Cascode retry la"), {}, "a word of the query")
T.equal(
  child:lua([[return require("cascode.query").parse("-- lang=go is a word")]]),
  { text = "lang=go is a word" },
  "--"
)
T.equal(
  child:lua([[return require("cascode.query").parse("lang=go,c path=a/** limit=3 rerank=false  read a  file")]]),
  { languages = { "go", "c" }, paths = { "a/**" }, limit = 3, rerank = false, text = "read a  file" },
  "filters"
)
