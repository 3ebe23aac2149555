"""Which expressions have the same value in every process, and do nothing but have it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

# fmt: off
_BUILTINS = frozenset({
    "abs", "bool", "bytes", "complex", "dict", "divmod", "enumerate", "float", "frozenset", "int",
    "len", "list", "max", "min", "object", "pow", "range", "reversed", "round", "set", "slice",
    "sorted", "str", "sum", "tuple", "zip",
})
# The last names of calls to what was imported: they make types, names and small values.
_MAKERS = frozenset({
    "namedtuple", "NamedTuple", "TypedDict", "NewType", "TypeVar", "TypeVarTuple", "ParamSpec",
    "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "make_dataclass", "SimpleNamespace",
    "Namespace", "OrderedDict", "defaultdict", "Counter", "partial", "itemgetter", "attrgetter",
    "getLogger", "Path", "PurePath", "PosixPath", "Decimal", "Fraction", "timedelta", "re.compile",
    "device", "array", "tensor", "getenv", "environ.get", "join", "dirname", "basename", "splitext",
    "abspath", "expanduser", "is_available", "device_count",
})
# Of constants.
_METHODS = frozenset({
    "absolute", "capitalize", "copy", "count", "decode", "encode", "endswith", "expanduser",
    "format", "get", "index", "items", "joinpath", "join", "keys", "lower", "lstrip", "partition",
    "replace", "resolve", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith",
    "strip", "title", "upper", "values", "with_name", "with_suffix", "zfill",
})
# fmt: on
_SIMPLE = (
    ast.Attribute,
    ast.BinOp,
    ast.BoolOp,
    ast.Compare,
    ast.Dict,
    ast.FormattedValue,
    ast.IfExp,
    ast.JoinedStr,
    ast.List,
    ast.Set,
    ast.Slice,
    ast.Starred,
    ast.Subscript,
    ast.Tuple,
    ast.UnaryOp,
    # Parts of these.
    ast.boolop,
    ast.cmpop,
    ast.expr_context,
    ast.keyword,
    ast.operator,
    ast.unaryop,
    # What Python 3.8 has between a subscript and its number.
    getattr(ast, "Index", ast.Slice),
)  # fmt: skip


class Names:
    """What is known of a program's names, as its statements are read in order.

    ``values`` can be had in every process; of these, ``imported`` name what was imported,
    ``functions`` the program's own, and ``records`` are classes whose construction only keeps its
    arguments.
    """

    def __init__(self) -> None:
        self.values: set[str] = set()
        self.imported: set[str] = set()
        self.functions: set[str] = set()
        self.records: set[str] = set()
        # A builtin may be among these.
        self._unknown: set[str] = set()

    def forget(self, names: Iterable[str]) -> None:
        """These have got values that are not known."""
        names = set(names)
        self._unknown |= names
        for known in (self.values, self.imported, self.functions, self.records):
            known.difference_update(names)

    def is_constant(self, node: ast.AST, bound: frozenset[str] = frozenset()) -> bool:
        """Whether ``node`` can be evaluated anywhere; ``bound`` are names that it binds itself."""
        if isinstance(node, ast.Name):
            return node.id in self.values or node.id in bound
        if isinstance(node, ast.Lambda):
            defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            return all(self.is_constant(default, bound) for default in defaults)
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            return self._is_comprehension(node, bound)
        if isinstance(node, ast.Call) and not self._is_maker(node.func, bound):
            return False
        if isinstance(node, ast.Call):
            return all(self.is_constant(part, bound) for part in (*node.args, *node.keywords))
        if isinstance(node, _SIMPLE):
            return all(self.is_constant(part, bound) for part in ast.iter_child_nodes(node))
        return isinstance(node, ast.Constant)

    def _is_comprehension(
        self,
        node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
        bound: frozenset[str],
    ) -> bool:
        for generator in node.generators:
            if generator.is_async or not self.is_constant(generator.iter, bound):
                return False
            targets = {part.id for part in ast.walk(generator.target) if isinstance(part, ast.Name)}
            bound |= targets
            if not all(self.is_constant(condition, bound) for condition in generator.ifs):
                return False
        made = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        return all(self.is_constant(part, bound) for part in made)

    def _is_maker(self, function: ast.expr, bound: frozenset[str]) -> bool:
        words = dotted(function).split(".")
        if words[0] in self.imported:
            return bool({words[-1], ".".join(words[-2:])} & _MAKERS)
        if isinstance(function, ast.Name):
            name = function.id
            return name in self.records or name in _BUILTINS - self.values - self._unknown
        return (
            isinstance(function, ast.Attribute)
            and function.attr in _METHODS
            and self.is_constant(function.value, bound)
        )


def dotted(node: ast.AST) -> str:
    """``a.b.c`` for an expression of that form, an empty text for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""
