"""Places in pasted tracebacks, in the form of each language."""

from __future__ import annotations

import pytest

from cascode_indexer.query.frames import Frame, frames_in

PYTHON = """Traceback (most recent call last):
  File "/home/ann/shop/main.py", line 40, in main
    cart.add(item)
  File "/home/ann/shop/cart.py", line 12, in add
    raise ValueError(item)
ValueError: 3
"""
JAVA = """Exception in thread "main" java.lang.IllegalStateException: no cart
\tat shop.Cart.add(Cart.java:12)
\tat java.base/java.util.ArrayList.forEach(ArrayList.java:1511)
\tat shop.Main.main(Main.java:40)
"""
NODE = """TypeError: Cannot read properties of undefined (reading 'id')
    at Cart.add (/home/ann/shop/cart.js:12:17)
    at async main (file:///home/ann/shop/main.js:40:3)
    at /home/ann/shop/queue.js:7:1
"""
FIREFOX = "add@https://shop.example/static/cart.js?v=2:12:17\nmain@https://shop.example/main.js:40:3\n"
GO = """panic: runtime error: invalid memory address or nil pointer dereference

goroutine 1 [running]:
shop/cart.(*Cart).Add(0x0, 0xc000012345)
\t/home/ann/shop/cart.go:12 +0x1d
main.main()
\t/home/ann/shop/main.go:40 +0x85
"""
RUST = """thread 'main' panicked at src/cart.rs:12:5:
no cart
stack backtrace:
   4: shop::cart::Cart::add
             at ./src/cart.rs:12:5
   5: shop::main::{{closure}}
             at ./src/main.rs:40:9
"""
C_SHARP = """System.InvalidOperationException: no cart
   at Shop.Cart.Add(Item item, Int32 count) in C:\\src\\Shop\\Cart.cs:line 12
   at Shop.Program.Main(String[] args) in C:\\src\\Shop\\Program.cs:line 40
"""
GDB = """#0  shop::Cart::add (this=0x0, item=...) at src/cart.cc:12
#1  0x00005555555551a9 in main (argc=1, argv=0x7ffe) at src/main.cc:40
"""
SANITIZER = """==1==ERROR: AddressSanitizer: heap-use-after-free
    #0 0x4f2b in shop::Cart::add(int) const /src/shop/cart.cc:12:3
    #1 0x4f3c in main /src/shop/main.cc:40:5
"""
PHP = """PHP Fatal error:  Uncaught Error: no cart in /srv/shop/Cart.php:12
Stack trace:
#0 /srv/shop/main.php(40): Shop\\Cart->add()
#1 {main}
"""
#: Pasted from its second line on, with a call that PHP itself makes.
PHP_CALLBACK = """in /srv/shop/Cart.php:12
Stack trace:
#0 [internal function]: Shop\\Cart->add(3)
#1 /srv/shop/Cart.php(30): array_map(Array, Array)
#2 /srv/shop/main.php(40): Shop\\Cart->fill(Array)
#3 {main}
"""
RUBY = """lib/shop/cart.rb:12:in `add': no cart (RuntimeError)
\tfrom bin/main.rb:40:in 'Shop::Main#run'
"""
#: Exceptions with what caused them.
JAVA_CAUSE = """com.acme.ShopException: no order
\tat com.acme.OrderService.place(OrderService.java:50)
\tat com.acme.Main.main(Main.java:7)
Caused by: java.lang.RuntimeException: no row
\tat com.acme.Repository.find(Repository.java:31)
\t... 1 more
Caused by: java.sql.SQLException: no connection
\tat com.acme.Dao.load(Dao.java:99)
\t... 2 more
"""
NODE_CAUSE = """Error: no order
    at place (/shop/order.js:50:3) {
  [cause]: Error: no row
      at load (/shop/dao.js:99:3)
}
"""
PYTHON_CAUSE = """Traceback (most recent call last):
  File "/shop/svc.py", line 8, in load
    query()
  File "/shop/db.py", line 99, in query
    raise KeyError
KeyError

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/shop/main.py", line 40, in main
    load()
  File "/shop/svc.py", line 10, in load
    raise ShopError from error
ShopError
"""
PYTHON_HANDLING = f"""{PYTHON_CAUSE}
During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/shop/main.py", line 42, in main
    report()
  File "/shop/report.py", line 3, in report
    raise OSError
OSError
"""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (JAVA_CAUSE, ["load", "find", "place", "main"]),
        (NODE_CAUSE, ["load", "place"]),
        (PYTHON_CAUSE, ["query", "load", "load", "main"]),
        (PYTHON_HANDLING, ["report", "main", "query", "load", "load", "main"]),
    ],
    ids=["java", "node", "python", "handling"],
)
def test_the_cause_comes_first(text: str, names: list[str]) -> None:
    """Wherever it is printed; an exception that handling another one raised is what failed."""
    assert [frame.name for frame in frames_in(text)] == names
    assert frames_in(" ".join(text.split())) == frames_in(text)


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        (PYTHON, [Frame("home/ann/shop/cart.py", 12, "add"), Frame("home/ann/shop/main.py", 40, "main")]),
        (
            JAVA,
            [Frame("Cart.java", 12, "add"), Frame("ArrayList.java", 1511, "forEach"), Frame("Main.java", 40, "main")],
        ),
        (
            NODE,
            [
                Frame("home/ann/shop/cart.js", 12, "add"),
                Frame("home/ann/shop/main.js", 40, "main"),
                Frame("home/ann/shop/queue.js", 7),
            ],
        ),
        (FIREFOX, [Frame("static/cart.js", 12, "add"), Frame("main.js", 40, "main")]),
        (GO, [Frame("home/ann/shop/cart.go", 12, "Add"), Frame("home/ann/shop/main.go", 40, "main")]),
        (RUST, [Frame("src/cart.rs", 12), Frame("src/cart.rs", 12, "add"), Frame("src/main.rs", 40, "main")]),
        (C_SHARP, [Frame("src/Shop/Cart.cs", 12, "Add"), Frame("src/Shop/Program.cs", 40, "Main")]),
        (GDB, [Frame("src/cart.cc", 12, "add"), Frame("src/main.cc", 40, "main")]),
        (SANITIZER, [Frame("src/shop/cart.cc", 12, "add"), Frame("src/shop/main.cc", 40, "main")]),
        (PHP, [Frame("srv/shop/Cart.php", 12, "add"), Frame("srv/shop/main.php", 40)]),
        (
            PHP_CALLBACK,
            [
                Frame("srv/shop/Cart.php", 12, "add"),
                Frame("srv/shop/Cart.php", 30, "fill"),
                Frame("srv/shop/main.php", 40),
            ],
        ),
        (RUBY, [Frame("lib/shop/cart.rb", 12, "add"), Frame("bin/main.rb", 40, "run")]),
        ("src/cart.cc:12:3: error: expected ';'", [Frame("src/cart.cc", 12)]),
        ("what is wrong in cart.py:12", [Frame("cart.py", 12)]),
        ("in .storybook/main.js:12", [Frame(".storybook/main.js", 12)]),
        ("at ../.ci/a.lua:3, ~/.config/b.lua:4", [Frame(".ci/a.lua", 3), Frame(".config/b.lua", 4)]),
        ("in .../cart.py:12", [Frame("cart.py", 12)]),
    ],
    ids=[
        *("python", "java", "node", "firefox", "go", "rust", "c_sharp"),
        *("gdb", "sanitizer", "php", "php-callback", "ruby", "compiler", "mention", "hidden", "above", "elided"),
    ],
)
def test_frames(text: str, frames: list[Frame]) -> None:
    """Path, line and the function's own name, the innermost first."""
    assert list(frames_in(text)) == frames


@pytest.mark.parametrize(
    "text", ["where do we retry a failed upload", "at 12:30 the server stops", "v1.2:3", "http://localhost:8080", ""]
)
def test_what_names_no_place(text: str) -> None:
    """Times, versions and addresses are no places."""
    assert frames_in(text) == ()


@pytest.mark.parametrize("text", [PYTHON, JAVA, NODE, GO, RUST, C_SHARP, GDB, SANITIZER, PHP, PHP_CALLBACK, RUBY])
def test_a_traceback_that_lost_its_line_ends_names_the_same_places(text: str) -> None:
    """The field of a palette has one line, and what is pasted there loses the others."""
    assert frames_in(" ".join(text.split())) == frames_in(text)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", [" ", " \n", "at ", "a (", "a.b(", "#1 ", "#1  a", '"', "/a"])
def test_nonsense_is_read_in_no_time(unit: str) -> None:
    """No form takes time that grows with the square of the text."""
    assert frames_in(unit * (30_000 // len(unit))) == ()


def test_a_recursion_is_not_read_to_its_end() -> None:
    """The innermost frames of a long traceback are kept, equal ones once."""
    deep = "".join(f'  File "a.py", line {line}, in f\n' for line in range(1, 1000))
    assert [frame.line for frame in frames_in(deep)] == list(range(999, 799, -1))
    assert len(frames_in('  File "a.py", line 3, in f\n' * 1000)) == 1


def test_a_log_of_megabytes_is_read_at_its_ends() -> None:
    """The error at the end of a long log is found, in bounded time."""
    assert frames_in("x" * 5_000_000 + "\n" + PYTHON)[0] == Frame("home/ann/shop/cart.py", 12, "add")


@pytest.mark.parametrize(
    ("printed", "path", "same"),
    [
        ("home/ann/shop/cart.py", "shop/cart.py", True),
        ("shop/cart.py", "src/shop/cart.py", True),
        ("app/shop/cart.py", "src/shop/cart.py", True),
        ("app/cart.py", "src/cart.py", False),
        ("Cart.java", "src/main/java/shop/Cart.java", True),
        ("shop/cart.py", "shop/smart_cart.py", False),
        ("SHOP/Cart.py", "shop/cart.py", True),
        ("venv/lib/site-packages/requests/utils.py", "utils.py", False),
        ("venv/lib/site-packages/shop/cart.py", "src/shop/cart.py", True),
        ("home/ann/shop/utils.py", "utils.py", True),
    ],
)
def test_the_end_of_a_path_tells_the_file(printed: str, path: str, same: bool) -> None:
    """All of the shorter path, or a folder and a name."""
    assert Frame(printed, 1).is_of(path) is same
