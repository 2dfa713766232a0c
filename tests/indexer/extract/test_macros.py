"""Macros and conditionals of C, C++ and C#: the function is found, named by itself, and nothing else is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascode_indexer.extract import extract_definitions, macro_words
from cascode_indexer.types import FUNCTION_KINDS, Definition


def _functions(source: str, language: str) -> list[Definition]:
    found = extract_definitions(source, language).definitions
    return [definition for definition in found if definition.kind in FUNCTION_KINDS]


def _names(source: str, language: str) -> list[str]:
    return [function.qualified_name for function in _functions(source, language)]


@pytest.mark.parametrize(
    ("language", "source", "names"),
    [
        ("cpp", "MYLIB_API std::string to_text(int v) { return s; }\n", ["to_text"]),
        ("cpp", "HRESULT STDMETHODCALLTYPE Shell::Query(int a) { return 0; }\n", ["Shell.Query"]),
        ("cpp", "struct M { void lock() EXCLUSIVE_LOCK_FUNCTION() { l(); } };\n", ["M.lock"]),
        ("cpp", "struct M { const T& back() const LIFETIME_BOUND { return b; } };\n", ["M.back"]),
        ("cpp", "void T::f(Rep* NONNULL t, int m) { g(); }\n", ["T.f"]),
        ("cpp", "class A {\n  GENERATED_BODY()\n\n  void Jump(){}\n};\n", ["A.Jump"]),
        ("cpp", "class API_EXPORT [[nodiscard]] A {\n  void f() {}\n};\n", ["A.f"]),
        ("cpp", "struct A { task* run() MY_override { return t; } };\n", ["A.run"]),
        ("cpp", "struct A {\n PRIVATE_UNLESS_TESTED:\n  void f() {}\n};\n", ["A.f"]),
        ("cpp", "FMT_BEGIN_NAMESPACE\nclass A { void f() {} };\nFMT_END_NAMESPACE\n", ["A.f"]),
        ("cpp", "NAMESPACE_BEGIN(detail)\nint f() { return 1; }\nNAMESPACE_END(detail)\n", ["f"]),
        ("cpp", "struct A { MY_CONSTEXPR A(int x) : x_(x) {} };\n", ["A.A"]),
        ("cpp", "template <typename T, ENABLE_IF(ok<T>::value)>\nint f(T t) { return 1; }\n", ["f"]),
        ("cpp", "TEST(Cache, evicts) { f(); }\n", ["Cache.evicts"]),
        ("cpp", 'TEST_CASE("reads a file", "[io]") { f(); }\n', ["reads a file"]),
        ("cpp", "BOOST_AUTO_TEST_CASE(reads) { f(); }\n", ["reads"]),
        ("cpp", "BENCHMARK_DEFINE_F(Fixture, run)(State& s) { f(); }\n", ["Fixture.run"]),
        ("cpp", "struct A { int f(T x = {}, int y = {} /* a */) { return 1; } };\n", ["A.f"]),
        (
            "cpp",
            "struct A { template <class T, T* = nullptr> int f(T* = nullptr) { return 1; } int g() { h(); } };\n",
            ["A.f", "A.g"],
        ),
        ("cpp", "struct A { ~A() noexcept override DEFAULTED; int f() { return 1; } };\n", ["A.f"]),
        ("cpp", "struct A { int f() { if (a) return {1}; return g(x, typename T::type()); } };\n", ["A.f"]),
        ("cpp", "struct alignas(8) A { int f() { return 1; } };\n", ["A.f"]),
        ("cpp", "decltype(f(1, 2))\ncall(int a) {\n  return f(a, 2);\n}\n", ["call"]),
        ("cpp", "constexpr a::B::operator bool() const { return true; }\n", ["a.B.operator bool"]),
        ("cpp", "namespace a {\nextern template B f(const C*, int);\nint g() { return 1; }\n}\n", ["a.g"]),
        ("cpp", 'extern "C" WEAK bool C_SYMBOL(\n    f)() {\n  return true;\n}\n', ["f"]),
        ("cpp", "INLINE void C_SYMBOL(\n    f)()\n    NO_READS {\n}\n", ["f"]),
        ("c", "INLINE void C_SYMBOL(f)(int a) NO_READS GUARDED(a) {\n}\n", ["f"]),
        ("cpp", f"template <class T> struct A<{'enable_if<T>, ' * 20}int> {{ int f() {{ return 1; }} }};\n", ["A.f"]),
        (
            "c",
            "#define NEW(a) \\\n  do { /* one */ \\\n    f(a); \\\n  } while (0)\nint g(void) { return 1; }\n",
            ["NEW", "g"],
        ),
        ("c", "int f(void) {\n  dispatch (OPCODE(i)) {\n    g();\n  }\n}\n", ["f"]),
        ("c", "static __dead void\nf(__unused int a, __unused struct b *c)\n{\n}\n", ["f"]),
        ("c", "ZEND_FUNCTION(strlen) {\n  f();\n}\n", ["strlen"]),
        ("c", "SYSCALL_DEFINE3(read, unsigned int, fd, char __user *, buf, size_t, count)\n{\n  f();\n}\n", ["read"]),
        ("c", "UV_UNUSED(static int f(int v)) {\n  return v;\n}\n", ["f"]),
        ("c", "STATIC int PREFIX(open)(int fd) {\n  return fd;\n}\n", ["open"]),
        ("c", "LUA_API int (lua_gettop) (lua_State *L) {\n  return 1;\n}\n", ["lua_gettop"]),
        ("c", "static void printflike(1, 2)\nlog_it(const char *fmt, ...)\n{\n  f();\n}\n", ["log_it"]),
        ("c", "char *copy(dst) char *dst; {\n  return dst;\n}\n", ["copy"]),
        ("c", "int put(r, item)\n  struct ring *r;\n  void *item;\n{\n  return 1;\n}\n", ["put"]),
        ("c", "void f(void) {\n  FOREACH(s, all)\n    g(s);\n}\nstatic void\nh(int a)\n{\n}\n", ["f", "h"]),
        ("c", '#define GLOB "/res/*/*"\nint f(void) { return 1; }\nint g(void) { return 2; }\n', ["f", "g"]),
    ],
)
def test_a_macro_hides_and_names_no_function(language: str, source: str, names: list[str]) -> None:
    """The name is the function's own, or what the macro's arguments call it."""
    assert _names(source, language) == names


@pytest.mark.parametrize("loop", ["foreach (x, xs)", "FOREACH (x, xs)", "Q_FOREVER ()"])
@pytest.mark.parametrize("language", ["c", "cpp"])
def test_a_loop_behind_a_macro_is_no_function(language: str, loop: str) -> None:
    """What stands in a function and has no type is a statement."""
    assert _names(f"int f(void) {{\n  {loop} {{\n    g(x);\n  }}\n  return 1;\n}}\n", language) == ["f"]


@pytest.mark.parametrize(
    "call",
    ["it->operator[](1)", "a.operator<(b)", "&operator*()", "static_cast<A&>(*this).A::operator()(2)"],
)
def test_an_operator_called_by_its_name_ends_no_class(call: str) -> None:
    """The grammar knows operators as names in declarations only."""
    assert _names(f"struct A {{ int f() {{ return {call}; }} int g() {{ return 1; }} }};\n", "cpp") == ["A.f", "A.g"]


def test_a_macro_in_front_of_a_function_belongs_to_it() -> None:
    """The span, the signature and the comment above are those of the source, macro included."""
    source = "/* Puts an item into the ring. */\nRING_EXPORT int ring_put(int item) { return item; }\n"
    (function,) = _functions(source, "c")
    assert (function.start_line, function.name_line, function.name_column) == (2, 2, 16)
    assert function.signature == "RING_EXPORT int ring_put(int item)"
    assert function.doc == "Puts an item into the ring."
    assert function.code == "RING_EXPORT int ring_put(int item) { return item; }"


def test_a_macro_that_opens_a_namespace_belongs_to_no_function() -> None:
    """What stands apart, or says that it begins something, is left out of the span."""
    (function,) = _functions("FMT_BEGIN_NAMESPACE\nint f() { return 1; }\n", "cpp")
    assert function.code == "int f() { return 1; }"


def test_the_name_in_a_macro_is_where_the_cursor_goes() -> None:
    """The position of the name is that of the argument which gives it."""
    (function,) = _functions("TEST(Cache, evicts) { f(); }\n", "cpp")
    assert function.name_column == len("TEST(Cache, ")
    assert function.signature == "TEST(Cache, evicts)"


@pytest.mark.parametrize(
    ("language", "source", "names"),
    [
        (
            "c",
            "int f(int a) {\n#ifdef A\n  if (a) {\n#else\n  if (!a) {\n#endif\n    g();\n  }\n}\n"
            "int h(void) { return 1; }\n",
            ["f", "h"],
        ),
        (
            "c",
            "#ifdef A\nint f(int a) {\n#else\nint f(long a) {\n#endif\n  return 1;\n}\nint h(void) { return 1; }\n",
            ["f", "h"],
        ),
        (
            "c",
            "int f(int a,\n#ifdef A\n  int b,\n#endif\n  int c) {\n  return g(a,\n#if B\n    b\n"
            "#else\n    c\n#endif\n  );\n}\n",
            ["f"],
        ),
        (
            "c",
            "int x =\n#ifdef A\n  1;\nint one(void) { return 1; }\n#else\n  2;\nint two(void) { return 2; }\n#endif\n",
            ["one", "two"],
        ),
        (
            "c",
            '#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void) { return 1; }\n#ifdef __cplusplus\n}\n#endif\n',
            ["f"],
        ),
        (
            "c_sharp",
            "class A {\n  void F() {\n    if (x) { G(); }\n#if X\n    else if (y) { H(); }\n#endif\n"
            "  }\n  void K() { }\n}\n",
            ["A.F", "A.K"],
        ),
        (
            "c_sharp",
            "class A {\n#if HAVE_ASYNC\n  public async Task F(int a) {\n#else\n"
            "  public void F(int a) {\n#endif\n    G();\n  }\n"
            "  void K() { }\n}\n",
            ["A.F", "A.K"],
        ),
        (
            "c_sharp",
            "class A {\n#if HAVE_ASYNC\n  async Task F() { }\n#else\n  void G() { }\n#endif\n}\n",
            ["A.F", "A.G"],
        ),
    ],
)
def test_one_branch_of_a_conditional_is_read(language: str, source: str, names: list[str]) -> None:
    """Branches that are no whole statements hold one at a time; whole functions of the others are found, too."""
    assert sorted(_names(source, language)) == sorted(names)


def test_lines_of_a_function_in_the_other_branch() -> None:
    """What is read apart has the lines that it has in the file."""
    source = "int x =\n#ifdef A\n  1;\n#else\n  2;\n\nint two(void) {\n  return 2;\n}\n#endif\n"
    (function,) = _functions(source, "c")
    assert (function.name, function.start_line, function.end_line) == ("two", 7, 9)


def test_salvage_gives_no_function_twice() -> None:
    """A piece that is read again may hold what the first pass found."""
    source = "int a( { return 1 ]\nint b(void) {\n  return 1;\n}\nstruct S { int m(int { ] int n() { return 2; } };\n"
    found = [(function.name_line, function.name) for function in _functions(source, "cpp")]
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("cfg_net! {\n    pub fn connect() { a(); }\n}\n\nfn last() {}\n", ["connect", "last"]),
        (
            "cfg_rt! {\n    /// Joins.\n    #[inline]\n    impl Pool {\n        fn join(&self) {}\n    }\n\n"
            "    mod deep {\n        cfg_fs! {\n            fn read() {}\n        }\n    }\n}\n",
            ["Pool.join", "deep.read"],
        ),
        ("tokio::select! {\n    x = f() => {}\n}\n\nfn last() {}\n", ["last"]),
        ("macro_rules! make {\n    () => {\n        fn inner() {}\n    };\n}\nfn last() {}\n", ["make", "last"]),
    ],
)
def test_items_inside_a_macro_of_rust_are_found(source: str, names: list[str]) -> None:
    """A macro that stands around items for a condition hands them on as they are."""
    assert _names(source, "rust") == names


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (
            "c_sharp",
            "class A {\n  void F() {\n    if (x) { G(); }\n#if X\n    else if (y) { H(); }\n#endif\n  }\n}\n",
        ),
        (
            "c_sharp",
            "class A {\n  void F() {\n#if X\n    if (y) { H(); }\n#endif\n    else { G(); }\n  }\n}\n",
        ),
        ("cpp", "class A {\n  int held GUARDED_BY(lock_);\n  std::vector<B*> b_ GUARDED_BY(lock_) = {};\n};\n"),
        ("cpp", "struct A {\n  std::atomic<B*> tail GUARDED_BY(mutex){nullptr};\n  int f() { return 1; }\n};\n"),
        (
            "cpp",
            "struct A {\n  A(const std::string& s\n      LIFETIME_BOUND, int size BOUND) noexcept : s_(s) {}\n};\n",
        ),
        ("cpp", 'FLAG(std::vector<int>, sizes, ({1, 2}), "");\nint f() { return 1; }\n'),
        ("cpp", "RE2::Code Filter::add(int a) {\n  RE2::Code code = f(a);\n  return code;\n}\n"),
        ("cpp", "class A {\n  RE2::Option option() const { return o; }\n  RE2::Option o;\n};\n"),
        ("cpp", "const RE2::Option& f(const RE2::Arg& a) {\n  return a.o;\n}\n"),
        ("rust", "ffi_fn! {\n    /// Makes it.\n    fn make() -> *mut B {\n        b()\n    } ?= ptr::null_mut()\n}\n"),
        ("typescript", "declare const a: import('react-native').Host<Props>;\nexport default a;\n"),
    ],
)
def test_what_the_grammar_does_not_know_is_no_error(language: str, source: str) -> None:
    """An error costs a second look at the whole file, and may hide what stands around it."""
    assert not extract_definitions(source, language).has_errors


def test_a_constant_has_a_name_or_is_none() -> None:
    """A name that a macro makes is no name; what it declares is no macro behind a variable."""
    source = "const uint32_t PRIV(delims[]) = {\n  1,\n  2,\n};\n"
    assert all(found.name for found in extract_definitions(source, "c").definitions)


@pytest.mark.parametrize(
    ("language", "source", "names"),
    [
        ("c", "unsigned int CRC32(int a) {\n  return a;\n}\n", ["CRC32"]),
        ("cpp", "int f(unsigned HANDLE, const struct NODE) { return sizeof(unsigned LONG); }\n", ["f"]),
        ("cpp", "MAKE(f, { int a = 1; return a; });\nint g() { return 1; }\n", ["g"]),
        ("cpp", "unsigned int CRC32(int a) { return a; };\n", ["CRC32"]),
        ("cpp", "struct RE2::Set : Base { int f() { return 1; } };\n", ["RE2.Set.f"]),
        ("rust", "ffi_fn! {\n    fn make() -> u8 {\n        b()\n    } ?= 0\n}\nfn last() {}\n", ["make", "last"]),
    ],
)
def test_what_looks_like_it_is_read(language: str, source: str, names: list[str]) -> None:
    """A function in capitals is no macro behind a variable, a class in capitals no label."""
    assert _names(source, language) == names


def test_a_loop_behind_a_macro_is_no_error_of_c() -> None:
    """Half of the files of some projects had errors for such loops alone."""
    source = "int f(void) {\n\tTAILQ_FOREACH(a, &b->c, entry) {\n\t\tg(a);\n\t}\n\treturn 1;\n}\n"
    assert not extract_definitions(source, "c").has_errors


@given(
    st.lists(
        st.sampled_from(["API", "AB", "A_1", "_API", "xAPI", "const", "final", "f", "MACRO(", "(1, 2) ", ")", "{", ";"])
        | st.sampled_from([" ", "\n", "\t  ", ",", "=", "::", "*", "+", "__device__ ", "\u00fc", '"', "if", "9"])
    ).map("".join)
)
def test_words_are_the_same_at_once_and_one_by_one(source: str) -> None:
    """However large a source is."""
    code = source.encode()
    found = []
    for large in (0, len(code) + 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(macro_words, "_LARGE", large)
            found.append(list(macro_words.macro_words(code)))
    assert found[0] == found[1]
