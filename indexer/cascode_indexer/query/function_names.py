"""A function's own name, out of what a traceback prints for it: compilers name what they make after where it was."""

from __future__ import annotations

import re
from collections.abc import Callable

from cascode_indexer.extract import languages_named

#: What is no part of a name: arguments, type arguments, closures, a hash.
_ARGUMENTS = re.compile(r"\([^()]*\)|<[^<>]*>|\{+[^{}]*\}+|::h[0-9a-f]{16}|\[[^\[\]]*\]")
_SEPARATORS = re.compile(r"::|->|[.#:/\s]")
_NAME = re.compile(r"[\w$?!=~]+")

#: C#: <Main>g__Local|0_0 is a local function, <AddAsync>d__5 an asynchronous method, <Run>b__0 a lambda.
_LOCAL_FUNCTION = re.compile(r">g__(\w+)\|")
_CLOSURE_TYPE = re.compile(r"[.+]<>c\w*")
_MADE_OF = re.compile(r"<+([\w.]+)>[a-z$]")
_CONSTRUCTOR = re.compile(r"\.+c?ctor$")
_ACCESSOR = re.compile(r"(?<![^.])(?:get|set|add|remove|init)_(?=\w+$)")
#: Go: main.main.func1, b.(*S).Serve.func2.1, main.(*S).Serve-fm, main.init.0.
_GO_CLOSURES = re.compile(r"(?:\.func\d+|\.gowrap\d+|\.deferwrap\d+|-range\d+|-fm|\.\d+)+$")
#: Java: lambda$run$0; Scala: $anonfun$run$1; Kotlin: run$lambda$0, run$default, access$run, run-IoAF18A.
_JAVA_LAMBDA = re.compile(r"(?:lambda\$)+(?P<name>.*)\$\d+$")
_SCALA_FUNCTION = re.compile(r"\$anonfun\$(?P<name>\w+?)\$\d.*")
_KOTLIN_ENDING = re.compile(r"\$(?:lambda|default|suspendImpl)\b.*|-(?:\w{7}|impl)$")
#: What a class is asked to do that was made of a lambda.
_CALLED = frozenset({"invoke", "invokeSuspend", "apply"})
#: C++: run()::{lambda(int)#1}::operator()(int), run()::$_0::operator()(int).
_CPP_LAMBDA = re.compile(r"::(?:\{lambda|'lambda|\$_\d).*")
_FIREFOX_CLOSURES = re.compile(r"[/<]+$")


def function_name(printed: str, path: str) -> str:
    """Return the last part of a function's name as its source spells it.

    Args:
        printed: The name as the traceback prints it.
        path: The file's path, whose ending says which language made the name.

    Returns:
        The name of the function that the line stands in, of the type for its constructor; empty where there is none, as
        for a function without a name.
    """
    name = _reader(path)(printed.strip()).replace("\\", ".")
    while (plain := _ARGUMENTS.sub("", name)) != name:
        name = plain
    parts = [part for part in _SEPARATORS.split(name) if part]
    return parts[-1] if parts and _NAME.fullmatch(parts[-1]) else ""


def _reader(path: str) -> Callable[[str], str]:
    """What reads the names that the compilers of a file's language make."""
    for language in languages_named(path):
        if language in _LANGUAGES:
            return _LANGUAGES[language]
    return _OTHER_ENDINGS.get(path.rpartition(".")[2].lower(), _javascript)


def _c_sharp(name: str) -> str:
    if local := _LOCAL_FUNCTION.findall(name):
        return str(local[-1])
    name = _CLOSURE_TYPE.sub("", name)
    if made := _MADE_OF.search(name):
        name = f"{name[: made.start()]}.{made[1]}"
    name = re.sub(r"`\d+|\[[^\[\]]*\]", "", name)
    return _ACCESSOR.sub("", _CONSTRUCTOR.sub("", name))


def _go(name: str) -> str:
    if ".glob..func" in name:  # a closure outside of any function
        return ""
    return _GO_CLOSURES.sub("", name.removesuffix("[...]"))


def _jvm(name: str) -> str:
    holder, _, method = name.rpartition(".")
    types = [part for part in holder.rpartition(".")[2].split("$") if part and part != "anonfun"]
    named = [part for part in types if not part.isdigit()]
    if method in ("<init>", "<clinit>"):
        return named[-1] if named else ""
    if method in _CALLED and len(named) > 1 and types[-1].isdigit():
        return named[-1]
    method = method.removeprefix("access$")
    if made := _JAVA_LAMBDA.match(method) or _SCALA_FUNCTION.match(method):
        method = made["name"]
        # A lambda of a constructor is of the type; one of a field, or in another lambda of old compilers, is nobody's.
        return named[-1] if method == "new" and named else "" if method in ("static", "null") else method
    return _KOTLIN_ENDING.sub("", method)


def _javascript(name: str) -> str:
    name = name.partition(" [as ")[0].removeprefix("async*")
    return "" if name.endswith("<anonymous>") else _FIREFOX_CLOSURES.sub("", name)


def _php(name: str) -> str:
    before, closure, inside = name.partition("{closure")
    # Since PHP 8.4 a closure is named after where it stands.
    return inside[1:] if closure and inside.startswith(":") else "" if closure else before


def _cpp(name: str) -> str:
    return _CPP_LAMBDA.sub("", name)


def _plain(name: str) -> str:
    return name


_LANGUAGES: dict[str, Callable[[str], str]] = {
    "c_sharp": _c_sharp,
    "go": _go,
    **dict.fromkeys(("java", "kotlin", "scala"), _jvm),
    "php": _php,
    **dict.fromkeys(("c", "cpp"), _cpp),
    **dict.fromkeys(("python", "ruby", "rust", "swift", "lua", "perl", "elixir"), _plain),
}
#: Of languages whose names are read as those of another one, and whose definitions are not looked for.
_OTHER_ENDINGS: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(("vb", "fs", "razor", "cshtml"), _c_sharp),
    "groovy": _jvm,
}
