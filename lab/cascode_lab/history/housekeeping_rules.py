r"""The words by which a subject is recognised as housekeeping.

Precision counts for more than yield: a repository has more commits than are needed, and a question that asks for
nothing teaches and measures nothing. The lists were made by reading what the others let pass, in some 60 repositories.

They are regular expressions, an alternative a line, of whole words in any letter case. A blank stands for blanks,
``_`` for a blank, a hyphen or nothing; ``<name>`` is an entry of ``WORDS``.
"""

from __future__ import annotations

#: Alternatives that several rules share.
WORDS = {
    "changing": r"""
        add(?:s|ed|ing)? fix\w* update\w* improv\w* remov\w* clarif\w* correct\w* expand\w* more better clean\w*
        tweak\w* adjust\w* mov\w+ new chang\w* delet\w* drop\w* disabl\w* enabl\w* skip\w* extend\w*
        refactor\w* rewrit\w* document\w* reword\w* simplif\w* complet\w* repair\w* stabili\w* replac\w*
        us(?:e|es|ed|ing) mak(?:e|es|ing) made unif\w* small minor some missing broken failing flaky
        writ\w+ creat\w+ includ\w+
    """,
    "fixing": r"""
        fix(?:es|ed|ing)? silenc\w+ suppress\w* avoid\w* remov\w+ eliminat\w+ address\w* hid\w+ ignor\w+ quiet
        resolv\w+ satisfy appease work_around squash squelch
    """,
    "removing": r"""
        remov(?:e|es|ed|ing) delet(?:e|es|ed|ing) drop(?:s|ped|ping)? kill strip(?:ped)? eliminat\w+ clean\w*
        get_rid_of
    """,
    "quantity": """
        some an? the all few more several many various any now no longer of couple small minor little
    """,
    "formatter": r"""
        clang_format clang_tidy gofmt goimports gofumpt rustfmt cargo_fmt prettier stylecop cs_fix\w*
        php_?cs_?\w* phpcs checkstyle spotless pmd spot_bugs find_bugs lint(?:er|ers|ing|s)? pep_8 flake_8
        pylint isort clippy golint golangci staticcheck go_vet jshint jslint pyupgrade ruff mypy pyright
        phpstan psalm rector sonar\w* code_ql coverity pvs lgtm sorbet
    """,
    "document": """
        java_docs? doc_strings? php_docs? doc_blocks? doxygen rust_docs? go_docs? jsdocs? tsdocs? ya?r_docs?
        rdocs? read_me change_logs? copyright licen[cs]e news_entry release_notes? xml_docs? xml_comments?
        doc_comments? man_pages? api_docs? credits authors contributors? type_hints? annotations_for
        code_comments? todo_comments?
    """,
    "test": r"""
        tests? specs? test_cases? test_suites? unit_tests? testing benchmarks? fixtures? fuzz\w* mocks?
    """,
    "sort of test": "unit integration e2e regression more new failing acceptance functional system browser",
    "build tool": r"""
        travis appveyor circle_ci github_actions? jenkins\w* codecov coveralls azure_pipelines? ci c\.i\.
        cmake\w* make_files? autotools autoconf automake autogen configure\.(?:ac|in) gradle maven pom webpack
        rollup babel esbuild tsconfig tsup bazel docker_files? gemspec gem_file rakefile nu_get csproj
        ms_build meson scons conan vcpkg tox\.ini pre_commit grunt\w* gulp\w* browserify bower uglify\w*
        npm_scripts? npm_publish npm_run yarn pnpm lerna nx editorconfig gitignore valgrind
    """,
    "platform": r"""
        a_?san ubsan tsan msan msvc\w* gcc g\+\+ clang visual_studio vs_20\d\d icc mingw\w* cygwin xcode
        netbsd openbsd freebsd solaris illumos aix hp_ux c\+\+_?(?:98|03|0x|11|14|17|20|23) c89 c99 jdk_\d*
        java_\d+ net(?:standard|coreapp|core)_\d* net_\d\d php_[5-9](?:\.\d)? python_[23](?:\.\d+)?
        py[23]k?\d? ruby_[1-4](?:\.\d)* jruby pypy hhvm node(?:js)?_v?\d+ es5 es6 es20\d\d
    """,
    "leftover": r"""
        unused un_need\w* dead redundant unnecessary obsolete debug\w* commented superfluous useless
        duplicate[ds]? needless extra old legacy stale left_over deprecated extraneous pointless unreachable
        unread un_required trailing non_used todos? fixmes? prints? console\.log var_dump logging imports?
        includes? white_space
    """,
    "code part": r"""
        code variables? imports? includes? methods? functions? parameters? params? arguments? args fields?
        casts? modifiers? keywords? usings? assignments? parenthes[ei]s const\w* definitions? declarations?
        headers? class(?:es)? files?
    """,
    "idiom": r"""
        const let final vars? nullptr override auto arrow diamond lambdas? ternary f_strings? stringbuilder
        readonly static class_syntax destructuring template_(?:strings?|literals?) spread guard_clause
        early_returns? enhanced_for for_each list_comprehensions? primary_constructors?
        collection_expressions? file_scoped pattern_matching expression_bod\w+ nameof is_null
        using_declarations? string_interpolation strict_types? short_array new_hash frozen isinstance
        try_with_resources single_quotes double_quotes shorthand syntax modern constexpr noexcept emplace\w*
        default make_unique range_based range_for variables? constants? method_ref(?:erence)?s?
        static_imports? local_var\w* ivars? attr_\w+ symbols?
    """,
    "modifier": """
        final private package_private static const readonly internal protected inline noexcept constexpr
        explicit abstract sealed
    """,
    "trouble": "warnings? errors? failures? fails? issues? problems? breakage broken",
    "compiling": r"""
        compil(?:er|e|ation|ing) build linker static_analy\w+ unused shadow(?:ed|ing)? sign(?:ed(?:ness)?)?
    """,
    "touch-up": r"""
        changes? fix(?:es)? tweaks? clean_ups? refactor\w* updates? improvements? edits? adjustments?
    """,
    "aside": "comments? examples? demos? samples? translations?",
    "fault": "things? stuff bugs? issues? problems? errors? fixes nits glitches edge_cases mistakes?",
}

#: Rules by name, in the order in which they are tried on a cleaned subject.
RULES = {
    "merge": r"""
        ^(?:auto_)?merge[ds]? (?:branch\w*|pull|prs?|remote|tags?|in|from|changes|commits?)
        ^(?:auto_)?merge[ds]? (?:upstream|master|main|\S+/\S+)
        ^merged
        ^(?:back|forward)_port\w*
        ^cherry_pick\w*
        ^sync(?:ed)? (?:with|from)
    """,
    "revert": r"""
        ^(?:partial(?:ly)? )?(?:revert\w*|re_apply|roll(?:ing|ed)?_back|back(?:ing|ed)?_out|undo|restore[ds]?)
        roll_backs? of (?:changelist|commit|cl)
        ^automated
        reverts? commit
        reverted
    """,
    "rename or move": r"""
        re_nam(?:e[ds]?|ing)
        relocat(?:e[ds]?|ing)
        ^(?:move[ds]?|moving|reorder(?:ed|ing)?|re_organi[sz]\w*|rearrang\w*|re_structur\w*|shuffle|split(?:ting)?)
        ^(?:hoist|inlined?|inlining|extract(?:ed|ing|s)?)
        ^(?:re_)?sort(?:ed)? (?:members|methods|imports|alphabetically)
        ^(?:better|consistent|shorter|clearer|more \w+) (?:\w+ )*nam(?:es?|ing)
        (?:variable|method|parameter|class|function|param)s? nam(?:es?|ing)$
        (?:into|to) (?:its|their|a) (?:own|separate|new) (?:file|module|package|class|method|function)
    """,
    "formatting": r"""
        <formatter>
        white_spaces?
        indent(?:ation)? fix
        re_indent
        line endings?
        trailing (?:spaces?|blanks?|newlines?)
        tabs to spaces
        cod(?:e|ing) (?:style|format\w*|conventions?|standards?)
        standard style
        style (?:fix|nit|guide|issue|violation|change|update)\w*
        cosmetics?
        rubocop (?:offen[cs]es?|violations?|warnings?|todo)
        ^(?:(?:fix(?:ed|es)?|apply|run|code|minor|some|auto|more|fixup) )*(?:re)?format(?:ted|ting)?$
        ^(?:re)?format(?:ted|ting)? (?:code|fix(?:es)?|issues?|only|changes?|the code|sources?|files?|with|using|all)
        ^(?:fix\w* |correct |adjust |improve |consistent )?(?:indent(?:s|ation|ing)?|alignment|spacing) ?(?:of|in|$)
        ^<fixing> (?:\w+ )?(?:eslint|rubocop|black|style)
        ^(?:run|apply) (?:eslint|rubocop|black)
        blank lines?
        ^(?:add(?:ed)?|missing|remove) (?:\w+ )?(?:semi_colons?|newlines?|(?:curly )?braces|parenthes[ei]s)$
        newlines? at (?:the )?end of
        ^(?:un)?wrap (?:long )?lines
    """,
    "typo": r"""
        typos?
        spell\w* (?:mistake|error|fix|in|of|check)\w*
        (?:^fix\w* |^correct\w* |^|)mis_spell\w*
        ^(?:fix\w* |correct\w* )?spell\w*
        gramma(?:r|tical)
        (?:re_)?wording
        re_word\w*
    """,
    "documentation": r"""
        <document>
        ^(?:docs?|document(?:s|ed|ing)?|(?:more )?documentation|comments?|examples?|demos?|samples?|tutorials?)
        ^(?:site|website|guides?|translat\w+|locali[sz]ation)
        (?:history|upgrading|upgrade)\.\w+
        ^<changing> (?:\S+ )?(?:\S+ )?(?:\S+ )?(?:docs|documentation)
        ^<changing> (?:\S+ )?(?:\S+ )?(?:\S+ )?(?:doc|<aside>|notes?|description)$
        ^<changing> (?:\S+ )?(?:\S+ )?<aside> (?:for|to|of|in|on|about|with|that)
        (?:in|to|for) (?:the )?(?:docs?|documentation|comments?)$
    """,
    "tests": r"""
        ^(?:<sort of test> )*<test>(?! (?:whether|if))
        ^coverage
        ^<changing> (?:\S+ )?(?:\S+ )?(?:\S+ )?<test>$
        ^<changing> (?:\S+ )?(?:\S+ )?<test> (?:for|to|in|on|that|of|with|and|when|by|from|due|under|code|failures?)
        ^fix\w* tests?
        (?:test|code) coverage
        (?:unit|integration|failing|flaky|regression) tests?
        (?:in|for|from|to|the) (?:unit |the )?(?:tests?|specs?|benchmarks?)$
        junit
        xunit
    """,
    "version or release": r"""
        ^v?\d+\.\d+(?:\.\d+)*\S*
        ^releas(?:e[ds]?|ing) (?:v?\d\S*|version|candidate|notes?|commit|build)
        ^releas(?:e[ds]?|ing) \S+$
        ^(?:prepar(?:e[ds]?|ing)|cut|tag(?:ged)?) .*(?:releas\w+|version|v?\d+\.\d\S*)
        ^(?:bump|set|update|increment|upgrade)\w* (?:\S+ )?(?:\S+ )?version
        version (?:bump|number)
        next (?:development|snapshot|release|version)
        snapshot version
        @since
        for (?:the )?(?:next |upcoming )?(?:v?\d+\.\d+\S* )?release$
    """,
    "dependencies": r"""
        ^(?:bump(?:s|ed|ing)?|pin(?:ned)?|unpin|downgrade[ds]?|upgrad(?:e|es|ed|ing)|(?:re_)?vendor(?:ed|ing)?)
        dependenc(?:y|ies)
        deps
        dependabot
        renovate
        requirements\.txt
        lockfiles?
        (?:yarn|package|composer|cargo|gemfile)\.lock
        package(?:_lock)?\.json
        (?:go\.mod|cargo\.(?:toml|lock)|composer\.json|pom\.xml)
        sub_modules?
        ^(?:update|switch|move|migrate)[sd]? (?:\S+ )(?:\S+ )?(?:\S+ )?to v?\d[\d.x]*$
    """,
    "build or CI": r"""
        <build tool>
        <platform>
        <compiling> .{0,24}<trouble>
        (?:conversion|cast) warnings?
        warning_?s? free
        (?:warnings?|errors?) (?:from|in|with|on|by) (?:the )?(?:compiler|build|gcc|clang|msvc)
        compiler warnings?
        ^<fixing> (?:\S+ )?(?:\S+ )?(?:compile|compilation|build|compiler|compiling)
        ^<fixing> (?:<quantity> )*warnings?$
        ^(?:windows|linux|mac|osx|macos|win32) build
        build (?:script|system|fix|on|with|for|process|file|config\w*)s?
    """,
    "housekeeping": r"""
        ^(?:wip|misc\w*|oops|tmp|temp(?:orary)?|todos?|initial|init|nits?|nit_picks?|fix_up|squash|checkpoint|snapshot)
        ^first (?:commit|version|draft|pass|cut)
        ^(?:polish\w*|clean(?:ed|ing|s)?_ups?|clean(?:ing|ed)?|tid(?:y|ied|ying)\w*)
        ^(?:<quantity> |code |further |slight |general |big |major |quick )+(?:\w+ )?<touch-up>$
        ^(?:<quantity> |code |further |slight |general |big |major |quick )+<touch-up> (?:to|in|for|and|of|on)
        ^code (?:review|clean\w*|golf)
        ^address\w* (?:\S+ )?(?:\S+ )?(?:review|comments?|feedback|nits?|suggestions?)
        ^apply (?:\S+ )?(?:\S+ )?(?:suggestions?|review|feedback|patch)
        (?:pr|review|cr|code) (?:feedback|comments?|suggestions?|changes)
        changes? (?:from|per|after) review
        feedback$
        ^imported from
        ^suppress\w* warnings?
        clean_ups?$
        ^(?:re_factor(?:ed|ing|s)?|simplif(?:y|ied|ies|ication)|moderni[sz]e)(?: \S+)?(?: \S+)?$
        ^<removing> (?:<quantity> )*<leftover>
        <leftover> (?:\w+ )?(?:\w+ )?<code part>$
        ^(?:use|using|prefer|replace \S+ with) (?:<quantity> )*<idiom>
        ^(?:convert|switch|change)(?:ed|d|ing)? (?:\w+ )?to (?:<quantity> )*<idiom>
        ^(?:make|mark|declare|set) \S+ (?:\S+ )?(?:\S+ )?<modifier>$
        ^change \S+ (?:\S+ )?to <modifier>$
        (?:to|be) (?:package_private|private|protected|final|internal|static|readonly|const)$
        ^(?:final|static|private|in_line|missing|normali[sz]e|de_duplicate|dry)(?: \S+){0,3}$
        ^reduce (?:\w+ )?(?:boilerplate|duplication|code|verbosity|nesting|complexity|vertical)
        ^avoid (?:code )?duplicat\w+
        ^simplify (?:the )?(?:code|logic|expression|conditional|if|boolean|return)
        (?:copy|cut) (?:and )?paste
        code (?:duplication|smells?|readability|simplification|quality)
        readability
        for (?:style|consistency|clarity)$
        magic (?:numbers?|strings?)
        debug(?:ging)? (?:code|output|print\w*|statements?|logs?)$
        (?:raw types?|unchecked (?:casts?|warnings?)|generics)$
        ^\S+ \S+ (?:again|also|too|more|better|etc|stuff|things?|works?|properly|correctly)$
        ^<changing> (?:<quantity> )+(?:\w+ )?<fault>$
        main branch
        master$
        follow_up
        (?:previous|last|prior) commit
        back_compat\w*$
    """,
}
