"""Places as compilers, linters, sites and bundlers print them, and as people write them."""

from __future__ import annotations

import pytest

from cascode_indexer.query.frames import Frame, frames_in

ESLINT = """
/home/ann/shop/cart.js
  12:5  error    'item' is not defined   no-undef
  40:1  warning  Unexpected console log  no-console

/home/ann/shop/main.js
  3:1  error  'item' is not defined  no-undef

2 problems at 10:30
"""
EXCEPTION_GROUP = """
  + Exception Group Traceback (most recent call last):
  |   File "/shop/main.py", line 40, in main
  |     raise ExceptionGroup("carts", failed)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/shop/cart.py", line 12, in add
    |     raise ValueError(item)
"""
COMPOSE = """
web_1  |     at Cart.add (/app/shop/cart.js:12:17)
web_1  |     at main (/app/shop/main.js:40:3)
"""
PYTEST = """
    def test_add():
>       Cart().add(3)

tests/test_cart.py:12:
_ _ _ _ _ _ _ _
shop/cart.py:30: in add
    check(item)
shop/util.py:5: ValueError
"""
IPYTHON = """
File ~/shop/main.py:40, in main()
---> 40     cart.add(item)

File ~/shop/cart.py:12, in Cart.add(self, item)
---> 12     raise ValueError(item)
"""


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("src/cart.ts(12,5): error TS2304: Cannot find name 'item'.", [Frame("src/cart.ts", 12)]),
        ("C:\\shop\\Cart.cs(12,5): error CS1002: ; expected [C:\\shop\\a.csproj]", [Frame("shop/Cart.cs", 12)]),
        ("cart.cpp(33) : fatal error C1083: no such file", [Frame("cart.cpp", 33)]),
        ("cart.cpp(33): Fehler C2065: nicht deklariert", [Frame("cart.cpp", 33)]),
        ("[ERROR] /shop/Cart.java:[33,8] cannot find symbol", [Frame("shop/Cart.java", 33)]),
        ("e: /shop/Cart.kt: (33, 8): Unresolved reference", [Frame("shop/Cart.kt", 33)]),
        ("https://github.com/ann/shop/blob/main/src/cart.py#L12-L20", [Frame("src/cart.py", 12)]),
        ("see https://gitlab.com/ann/shop/-/blob/main/cart.md?plain=1#L12", [Frame("cart.md", 12)]),
        ("https://bitbucket.org/ann/shop/src/0a1b2c/src/cart.py#lines-12", [Frame("src/cart.py", 12)]),
        ("https://github.com/ann/shop/blob/main/app/%5Bid%5D/page.tsx#L4", [Frame("app/[id]/page.tsx", 4)]),
        ("what is src/cart.py:L12 for", [Frame("src/cart.py", 12)]),
        ("src/cart.py#L12", [Frame("src/cart.py", 12)]),
        ("it fails in cart.py, line 12", [Frame("cart.py", 12)]),
        ("it fails in `cart.py` on line 12", [Frame("cart.py", 12)]),
        ("it fails in module cart.py:12", [Frame("cart.py", 12)]),
        ("C:\\shop\\Cart.cs:line 12", [Frame("shop/Cart.cs", 12)]),
        ("No cart at lib/Cart.pm line 12.", [Frame("lib/Cart.pm", 12)]),
        ("PHP Warning: no cart in /srv/my shop/Cart.php on line 12", [Frame("srv/my shop/Cart.php", 12)]),
        (
            ESLINT,
            [
                Frame("home/ann/shop/cart.js", 12),
                Frame("home/ann/shop/cart.js", 40),
                Frame("home/ann/shop/main.js", 3),
            ],
        ),
        (EXCEPTION_GROUP, [Frame("shop/cart.py", 12, "add"), Frame("shop/main.py", 40, "main")]),
        (COMPOSE, [Frame("app/shop/cart.js", 12, "add"), Frame("app/shop/main.js", 40, "main")]),
        ('web_1  |   File "/app/cart.py", line 12, in add', [Frame("app/cart.py", 12, "add")]),
        ("    at App (http://localhost:5173/src/App.tsx?t=1699:12:5)", [Frame("src/App.tsx", 12, "App")]),
        ("    at http://localhost:5173/src/App.tsx?t=1699:12:5", [Frame("src/App.tsx", 12)]),
        ("warning in webpack-internal:///./src/App.jsx:12:5", [Frame("src/App.jsx", 12)]),
        ("    at App (webpack-internal:///(ssr)/./src/App.jsx:12:5)", [Frame("(ssr)/src/App.jsx", 12, "App")]),
        ("App@webpack-internal:///./src/App.jsx:12:5", [Frame("src/App.jsx", 12, "App")]),
        ("webpack:///src/App.vue:33:9", [Frame("src/App.vue", 33)]),
        ("webpack://shop/./src/cart.ts:3:4", [Frame("src/cart.ts", 3)]),
        ("   bei Shop.Cart.Add(Item item) in C:\\shop\\Cart.cs:Zeile 12.", [Frame("shop/Cart.cs", 12, "Add")]),
        ("   à Shop.Cart.Add(Item item) dans C:\\shop\\Cart.cs:ligne 12", [Frame("shop/Cart.cs", 12, "Add")]),
        ("   在 Shop.Cart.Add(Item item) 在 C:\\shop\\Cart.cs:行号 12", [Frame("shop/Cart.cs", 12, "Add")]),
        (IPYTHON, [Frame("shop/cart.py", 12, "add"), Frame("shop/main.py", 40, "main")]),
    ],
)
def test_a_place_is_found(text: str, frames: list[Frame]) -> None:
    """With its path, its line and its function where that is printed."""
    assert list(frames_in(text)) == frames


def test_pytest_prints_the_innermost_last() -> None:
    """With the function, or with the error in place of it."""
    assert list(frames_in(PYTEST)) == [
        Frame("shop/util.py", 5),
        Frame("shop/cart.py", 30, "add"),
        Frame("tests/test_cart.py", 12),
    ]
    assert frames_in("a.py:1: in f b() b.py:2: in g") == (Frame("b.py", 2, "g"), Frame("a.py", 1, "f"))
    # A compiler of Python begins with what stands first in the file.
    assert frames_in("a.py:1: error: no\nb.py:2: note: so\n") == (Frame("a.py", 1), Frame("b.py", 2))
    assert frames_in("look at\na.py:1: in the loop\n") == (Frame("a.py", 1),)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/shop/[id]/page.tsx:4:2", "shop/[id]/page.tsx"),
        ("at Page (/shop/[[...slug]]/page.tsx:4:2)", "shop/[[...slug]]/page.tsx"),
        ("    at /shop/(group)/layout.tsx:4:2", "shop/(group)/layout.tsx"),
        ("error in app/@modal/(.)photo/page.tsx:4", "app/@modal/(.)photo/page.tsx"),
        ("app/routes/users.$id.tsx:4:1", "app/routes/users.$id.tsx"),
        ("[slug]/page.tsx:4", "[slug]/page.tsx"),
        ("($lang).tsx:4", "($lang).tsx"),
        ("(src/cart.ts:4:2)", "src/cart.ts"),
        ("[src/cart.ts:4]", "src/cart.ts"),
        ("add(src/cart.ts:4:2)", "src/cart.ts"),
        ("[12:30]src/cart.ts:4", "src/cart.ts"),
    ],
)
def test_routers_name_files_in_brackets(text: str, path: str) -> None:
    """Those that stand in pairs are of the path; those around the place are not."""
    assert [frame.path for frame in frames_in(text)] == [path]


@pytest.mark.parametrize(
    "text",
    [
        "for x in np.range(5): pass",
        "the shape of np.zeros: (3, 4)",
        "{a.data:[3,4]}",
        "e.g. line 3",
        "https://github.com/ann/shop/issues#L3",
        "cart.py has a line 12",
        "  12:5  error",
    ],
)
def test_what_is_no_place(text: str) -> None:
    """Calls, shapes and arrays, and lines of no file."""
    assert frames_in(text) == ()


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit",
    [
        *("[a]", "[[a]]", "(a)/", "[", "a.py:1: ", "in /", "a.b line ", "a.b#", "://", "a://b/c.d?", "x() a ", "a|"),
        *("a.b\n 1:1 a\n", "1: a\n", "https://a/blob/b/", "File a.py:1, ", "at a (", "Caused by: a.b:1 "),
    ],
)
def test_nonsense_of_many_lines_is_read_in_no_time(unit: str) -> None:
    """Lines as long as are read, as many as are read."""
    frames_in(f"{unit * (390 // len(unit))}\n" * 100)
