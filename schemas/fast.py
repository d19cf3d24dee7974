"""The fast decoder, derived from the pydantic models: one definition, two readers.

For each model a ``msgspec.Struct`` with the same members is made at import. Plain members (bool,
lists, nested records, texts with nothing but a length) are read by msgspec itself; any other member
whose type carries ``Checked`` goes through the check in ``__post_init__``, as do ``__checks__``. Both
readers use msgspec's JSON grammar (``read_json``), so NaN, lone surrogates, depth and number range
are decided in one place.

Members that a struct does not know are never skipped unread: msgspec's skipping checks no UTF-8 and
no number range, so an ``Open`` record with extension members is left to pydantic.

Struct instances have the attributes of the model, so they are typed as the model.
"""

import types
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache, partial
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, cast, get_args, get_origin

import msgspec
from annotated_types import MaxLen, MinLen
from pydantic import BaseModel, RootModel, ValidationError
from pydantic.fields import FieldInfo

from schemas.checks import Checked
from schemas.problems import Problem, problems_of

__all__ = ["MAX_DEPTH", "FastDecoder", "NotUnderstood", "read_json"]

MAX_DEPTH = 64
"""Nesting that is read. Without a bound of our own the interpreter's stack would decide, and the
gateway would take in what a worker further down its stack refuses."""

MOST_KNOWN = 100_000
"""Texts remembered of each kind that repeats: credit codes, plates, regions, waste codes."""

M = TypeVar("M", bound=BaseModel)


class NotUnderstood(ValueError):
    """Bytes that are not what they should be; ``problems`` says where and why, at least one."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{p.pointer or '/'}: {p.en}" for p in problems))
        self.problems = problems


@lru_cache(16_384)
def _exact_number(literal: str) -> Decimal:
    try:
        return Decimal(literal)
    except InvalidOperation:  # an exponent beyond what Decimal can hold
        return Decimal("Infinity")


_NUL = b"\\u0000"

_generic = msgspec.json.Decoder(float_hook=_exact_number)


def read_json(raw: bytes) -> Any:
    """Return the JSON value in ``raw``, numbers with a point or exponent as ``Decimal``.

    Raises ``NotUnderstood`` (code ``json_malformed`` or ``json_too_deep``).
    """
    try:
        value = _generic.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as e:
        raise NotUnderstood(
            [Problem("json_malformed", "", f"不是合法的 JSON：{e}", f"not valid JSON: {e}")]
        ) from None
    except RecursionError:
        raise _too_deep() from None
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth_exceeds(value, MAX_DEPTH):
        raise _too_deep()
    return value


def _depth_exceeds(value: Any, most: int) -> bool:
    level = [value] if type(value) in (dict, list) else []
    for _ in range(most):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in (dict, list)
        ]
    return bool(level)


def _too_deep() -> NotUnderstood:
    zh = f"JSON 嵌套超过 {MAX_DEPTH} 层"
    return NotUnderstood(
        [Problem("json_too_deep", "", zh, f"the JSON is nested more than {MAX_DEPTH} levels deep")]
    )


class _Read(NamedTuple):
    """A member to check: its name, how, whether null is allowed, texts that passed before."""

    name: str
    read: Callable[[Any], Any]
    optional: bool
    known: dict[str, Any] | None


_structs: dict[type[BaseModel], type[msgspec.Struct]] = {}


def _struct_of(model: type[BaseModel], tag_field: str | None = None) -> type[msgspec.Struct]:
    if model in _structs:
        return _structs[model]
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    reads: list[_Read] = []
    tag: str | None = None
    for name, info in model.model_fields.items():
        if name == tag_field:
            (tag,) = get_args(info.annotation)
            continue
        annotation, read, optional, known = _member(info)
        if read is not None:
            reads.append(_Read(name, read, optional, known))
        if info.is_required():
            fields.append((name, annotation))
        elif isinstance(info.default, list):
            fields.append((name, annotation, msgspec.field(default_factory=list)))
        else:
            fields.append((name, annotation, info.default))
    struct = msgspec.defstruct(
        model.__name__,
        fields,
        namespace={"__post_init__": _post_init(reads, model)} if reads or _checks(model) else {},
        frozen=False,
        kw_only=True,
        forbid_unknown_fields=True,
        tag_field=tag_field if tag else None,
        tag=tag,
        gc=False,
    )
    if tag_field and tag:
        setattr(struct, tag_field, tag)  # readable as on the model
    _structs[model] = struct
    return struct


def _checks(model: type[BaseModel]) -> bool:
    return bool(getattr(model, "__checks__", ()))


def _member(
    info: FieldInfo,
) -> tuple[Any, Callable[[Any], Any] | None, bool, dict[str, Any] | None]:
    """Return (type for msgspec, check of the raw value, whether null is allowed, what it knows)."""
    annotation: Any = info.annotation
    metadata: list[Any] = list(info.metadata)
    optional = False
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            metadata += more
        elif get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(
            annotation
        ):
            optional = True
            (annotation,) = (a for a in get_args(annotation) if a is not type(None))
        else:
            break
    for each in metadata:
        if isinstance(each, Checked):
            if each.native is not None:
                return (each.native | None if optional else each.native), None, optional, None
            if each.few:
                known, read = _remembering(each.read)
                return (str | None if optional else str), read, optional, known
            return Any, each.read, optional, None
    plain = _plain(annotation, metadata)
    return (plain | None if optional else plain), *_list_check(annotation), optional, None


@cache
def _remembering(read: Callable[[Any], Any]) -> tuple[dict[str, Any], Callable[[Any], Any]]:
    """Return what passed before, to what it was read, and the check that adds to it."""
    known: dict[str, Any] = {}

    def remember(value: Any) -> Any:
        result = read(value)
        if len(known) < MOST_KNOWN:
            known[value] = result
        return result

    return known, remember


def _list_check(annotation: Any) -> tuple[Callable[[Any], Any] | None]:
    if get_origin(annotation) is list:
        (item,) = get_args(annotation)
        if get_origin(item) is Annotated:
            for each in get_args(item)[1:]:
                if isinstance(each, Checked):
                    return (partial(_read_each, each.read),)
    return (None,)


def _read_each(read: Callable[[Any], Any], values: list[Any]) -> list[Any]:
    return [read(value) for value in values]


def _plain(annotation: Any, metadata: list[Any]) -> Any:
    if get_origin(annotation) is list:
        (item,) = get_args(annotation)
        least = next((m.min_length for m in metadata if isinstance(m, MinLen)), None)
        most = next((m.max_length for m in metadata if isinstance(m, MaxLen)), None)
        inner: Any = _plain(item, [])
        sized = msgspec.Meta(min_length=least, max_length=most)
        return Annotated[list[inner], sized]
    if get_origin(annotation) is Annotated:
        base, *more = get_args(annotation)
        return Any if any(isinstance(m, Checked) for m in more) else _plain(base, more)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _struct_of(annotation)
    if get_origin(annotation) is Literal or annotation is bool:
        return annotation
    raise TypeError(f"no fast reader for {annotation!r}: give the member a Checked type")


def _post_init(reads: list[_Read], model: type[BaseModel]) -> Callable[[Any], None]:
    """Write the checks of one model out as a function: a loop over members would cost as much."""
    checks = tuple(getattr(model, "__checks__", ()))
    names: dict[str, Any] = {}
    lines = ["def __post_init__(self):"]
    for n, (name, read, optional, known) in enumerate(reads):
        info = model.model_fields[name]
        names |= {f"read_{n}": read, f"default_{n}": info.default}
        value = f"read_{n}(value)"
        if known is not None:
            names[f"known_{n}"] = known.get
            value = f"known_{n}(value) or {value}"
        lines.append(f"  value = self.{name}")
        indent = "  "
        if optional or not info.is_required():
            # What was never read from JSON has no check.
            unread = [f"value is not default_{n}"] if not info.is_required() else []
            if optional and (info.is_required() or info.default is not None):
                unread.append("value is not None")
            lines.append(f"  if {' and '.join(unread)}:")
            indent = "    "
        lines.append(f"{indent}self.{name} = {value}")
    for n, check in enumerate(checks):
        names[f"check_{n}"] = check
        lines.append(f"  check_{n}(self)")
    exec("\n".join(lines), names)  # noqa: S102 - from the models' own member names
    made: Callable[[Any], None] = names["__post_init__"]
    return made


class FastDecoder:
    """Reads a union told apart by ``tag_field``, or its one member, from JSON bytes."""

    def __init__(self, model: type[RootModel[Any]], tag_field: str) -> None:
        self._model = model
        union = model.model_fields["root"].annotation
        members = get_args(union) or (union,)  # a family of one is no union
        structs = [_struct_of(each, tag_field) for each in members]
        if len(structs) == 1:  # alone, its tag might be left out
            structs.append(msgspec.defstruct("Nothing", [], tag_field=tag_field, tag="\x00"))
        self._decoder = msgspec.json.Decoder(
            Union[tuple(structs)],  # noqa: UP007
            float_hook=_exact_number,
        )

    def decode(self, raw: bytes) -> Any:
        """Return the value (attributes as on the model); raises ``NotUnderstood``."""
        try:
            if _NUL not in raw:  # the one thing that native texts take and ``text`` does not
                return self._decoder.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        # Pydantic writes the error. Two things only it accepts: extension members of an ``Open``
        # record, and a tag member written twice, where the last one counts as everywhere in JSON.
        return self.decode_slowly(raw)

    def decode_slowly(self, raw: bytes) -> Any:
        """Return the pydantic model; raises ``NotUnderstood`` with every problem found."""
        value = read_json(raw)
        try:
            return cast("Any", self._model.model_validate(value)).root
        except ValidationError as e:
            raise NotUnderstood(problems_of(e)) from None
