"""Names of functions as compilers print them."""

from __future__ import annotations

import pytest

from cascode_indexer.query.frames import frames_in
from cascode_indexer.query.function_names import function_name


@pytest.mark.parametrize(
    ("printed", "path", "name"),
    [
        ("Shop.Cart.<AddAsync>d__5.MoveNext", "Cart.cs", "AddAsync"),
        ("Shop.Cart.<>c.<Run>b__0_0", "Cart.cs", "Run"),
        ("Shop.Cart.<>c__DisplayClass3_0.<<Run>b__0>d.MoveNext", "Cart.cs", "Run"),
        ("Shop.Cart.<<Main>g__Local|0_0>d.MoveNext", "Cart.cs", "Local"),
        ("Shop.Cart.<Main>g__Local|0_0", "Cart.cs", "Local"),
        ("Shop.Cart.get_Total", "Cart.cs", "Total"),
        ("Shop.Cart.get_total", "cart.py", "get_total"),
        ("Shop.Cart..ctor", "Cart.cs", "Cart"),
        ("Shop.Cart..cctor", "Cart.cs", "Cart"),
        ("Shop.Cart.<>c.<.ctor>b__0", "Cart.cs", "Cart"),
        ("Shop.Stock`1..ctor", "Stock.cs", "Stock"),
        ("Shop.Stock`1.Get[T]", "Stock.cs", "Get"),
        ("main.main.func1", "main.go", "main"),
        ("shop/b.(*S).Serve.func2.1", "b.go", "Serve"),
        ("main.(*S).Serve-fm", "main.go", "Serve"),
        ("main.(*Foo[...]).Bar", "main.go", "Bar"),
        ("main.Map[...]", "main.go", "Map"),
        ("main.Map[...].func1", "main.go", "Map"),
        ("main.glob..func1", "main.go", ""),
        ("main.init.0", "main.go", "init"),
        ("shop.Cart.lambda$run$0", "Cart.java", "run"),
        ("shop.Cart.lambda$new$0", "Cart.java", "Cart"),
        ("shop.Cart.lambda$static$0", "Cart.java", ""),
        ("shop.Cart$Inner.<init>", "Cart.java", "Inner"),
        ("shop.Cart.<clinit>", "Cart.java", "Cart"),
        ("shop.Cart$1.run", "Cart.java", "run"),
        ("shop.Cart$run$1.invokeSuspend", "Cart.kt", "run"),
        ("shop.Cart$Inner.invoke", "Cart.kt", "invoke"),
        ("shop.Cart$1.invoke", "Cart.kt", "invoke"),
        ("shop.CartKt.run$lambda$0", "Cart.kt", "run"),
        ("shop.Cart.run$default", "Cart.kt", "run"),
        ("shop.Cart.access$run", "Cart.kt", "run"),
        ("shop.Cart.run-IoAF18A", "Cart.kt", "run"),
        ("shop.Cart$$anonfun$run$1.apply", "Cart.scala", "run"),
        ("shop.Cart$.$anonfun$run$1", "Cart.scala", "run"),
        ("Cart.<anonymous>", "cart.js", ""),
        ("Object.<anonymous>", "cart.ts", ""),
        ("Cart.add [as handler]", "cart.js", "add"),
        ("Cart.#add", "cart.js", "add"),
        ("add/<", "cart.js", "add"),
        ("async*add", "cart.js", "add"),
        ("shop::Cart::add::h0123456789abcdef", "cart.rs", "add"),
        ("<shop::Cart<T> as core::fmt::Display>::fmt", "cart.rs", "fmt"),
        ("shop::main::{{closure}}::{closure#0}", "main.rs", "main"),
        ("Shop\\Cart->add", "Cart.php", "add"),
        ("Shop\\Cart->Shop\\{closure}", "Cart.php", ""),
        ("{closure:Shop\\Cart::add", "Cart.php", "add"),
        ("shop::run()::{lambda(int)#1}::operator()(int)", "run.cc", "run"),
        ("(anonymous namespace)::add(int)", "run.cc", "add"),
        ("shop::run()::{lambda(int)#1}::operator()(int)", "run.tcc", "run"),
        ("shop::run()::$_0::operator()(int)", "kernels/run.CU", "run"),
        ("shop::run()::$_0::operator()(int)", "run.h", "run"),
        ("Shop.Cart.<Add>g__Check|0_0", "add.csx", "Check"),
        ("Shop.Cart.<Add>g__Check|0_0", "Add.razor", "Check"),
        ("shop.Cart.lambda$run$0", "build.sbt", "run"),
        ("shop.Cart.lambda$run$0", "Cart.groovy", "run"),
        ("Shop\\Cart->Shop\\{closure}", "cart.module", ""),
        ("<lambda>", "cart.py", ""),
        ("", "cart.py", ""),
    ],
)
def test_function_name(printed: str, path: str, name: str) -> None:
    """The function that a person wrote, not what the compiler made of it."""
    assert function_name(printed, path) == name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("   at Shop.Cart.<>c.<Main>g__Local|0_0(Int32 x) in /shop/Cart.cs:line 12", ["Local"]),
        ("goroutine 1 [running]:\nmain.(*Foo[...]).Bar(0x1)\n\t/shop/foo.go:12 +0x1d", ["Bar"]),
        ("\tat app//shop.Cart.run-IoAF18A(Cart.kt:12)", ["run"]),
        ("\tat java.base@17.0.1/java.util.ArrayList.add(ArrayList.java:12)", ["add"]),
        ("   4:     0x55d0f - shop::add::h0123456789abcdef\n             at /shop/cart.rs:12:5", ["add"]),
        ("   4: <shop::Cart as core::fmt::Display>::fmt\n             at /shop/cart.rs:12:5", ["fmt"]),
        ("    at Object.<anonymous> (/shop/cart.js:12:5)", [""]),
        ("    #1 0x4f in shop::run()::{lambda(int)#1}::operator()(int) const /shop/cart.cc:12:3", ["run"]),
    ],
)
def test_names_are_read_in_their_frames(text: str, names: list[str]) -> None:
    """Whatever characters a name holds."""
    assert [frame.name for frame in frames_in(text)] == names
