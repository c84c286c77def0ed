"""Is a received payload what its description says? Nothing is changed or converted.

A description of an object is a tuple of fields (name, required, kind, detail). Kinds and their
details:

    "string"    greatest number of characters, or None
    "cistring"  the same; the owner compares such strings without regard to case
    "enum"      tuple of literals, compared exactly
    "integer"   (least, greatest); either may be None, detail None is both: 32 bits, signed
    "decimal"   (least, greatest) or None; integers and finite fractions
    "boolean"   None
    "time"      None, or "any year" if moments before 2000 make sense (rfc3339.parse_or_floor)
    "array"     (least, greatest number of items or None, kind, detail)
    "object"    description

An optional field that is null counts as absent, as some peers send it: read it with `.get`.

Tuples live in the heap, a text executed in place does not. So tables of descriptions are texts,
and `find` makes the tuples of one entry for as long as they are needed. An entry is its name in
a line, then one line for each field, indented by a blank:

    ChangeConfiguration
     key! cistring 50
     value! string *

`!` is a required field, `?` an optional one; then kind and detail: `50` or `*` for a string,
`One|Two` for an enum, `0..`, `..9`, `0..9` or `*` for a number, `*` or `any` for a time, `*` for a
boolean, number of items, kind and detail for an array (`0..8 cistring 50`), `{ fields }` for an
object, or the name of an entry that several tables share. A table begins and ends with a newline.
"""

from micropython import const

import rfc3339
from ocppj import errors

_INT_MIN = const(-0x80000000)
_INT_MAX = const(0x7FFFFFFF)


def find(table, name, shared=None, payload=None):
    """Return the description of the entry `name`, or None. shared(name): that of an object that is
    named in the table only. With a `payload`, what it does not have is not asked for: the detail
    of such a field is then of no use."""
    if not name.isalpha():
        return None  # it may come from outside and must not match two lines
    start = table.find("\n" + name + "\n")
    if start < 0:
        return None
    start += len(name) + 1
    end = start
    while table[end : end + 2] == "\n ":
        end = table.find("\n", end + 1)
    words = table[start:end].split()
    words.reverse()
    return _read_fields(words, shared, payload)


def _read_fields(words, shared, payload=None):
    """Take fields from the end of `words`, up to the closing brace."""
    fields = []
    while words:
        name = words.pop()
        if name == "}":
            break
        kind = words.pop()
        needed = shared if payload is None or name[:-1] in payload else None
        fields.append((name[:-1], name[-1] == "!", kind, _read_detail(kind, words, needed)))
    return tuple(fields)


def _read_detail(kind, words, shared):
    word = words.pop()
    if kind == "object":
        return _read_fields(words, shared) if word == "{" else shared and shared(word)
    if kind == "array":
        least, greatest = _read_range(word)
        kind = words.pop()
        return least, greatest, kind, _read_detail(kind, words, shared)
    if word == "*":
        return None
    if kind == "enum":
        return tuple(word.split("|"))
    if kind == "time":
        return "any year"
    return _read_range(word) if ".." in word else int(word)


def _read_range(word):
    least, _, greatest = word.partition("..")
    return int(least) if least else None, int(greatest) if greatest else None


def check(description, payload, extra=False):
    """Return None, or raise an OcppError for the first thing that is wrong.

    extra: tolerate fields that are not in the description, at any level. The code of the error
    is the one for CALLERROR (OCPP-J 1.6 4.2.3): FormationViolation for a payload that is no
    object, for missing and for unknown fields, TypeConstraintViolation for another JSON type,
    OccurenceConstraintViolation for the number of items, PropertyConstraintViolation for the
    value. Its text names the path, such as `chargingProfile.stackLevel: integer expected`.
    """
    if not isinstance(payload, dict):
        raise errors.OcppError(errors.FORMATION, "payload: object expected")
    try:
        _check_object(description, payload, extra)
    except errors.OcppError as error:
        error.description = errors.clip(error.description[1:])
        raise


def _check_object(fields, value, extra):
    """Errors are described with the path first: `.name` and `[index]`, then `: ` and the text."""
    if not isinstance(value, dict):
        _fail(errors.TYPE, "object expected")
    known = 0
    for name, required, kind, detail in fields:
        if name in value:
            known += 1
            item = value[name]
            if item is None and not required:
                continue
            try:
                _check_value(kind, detail, item, extra)
            except errors.OcppError as error:
                error.description = "." + name + error.description
                raise
        elif required:
            raise errors.OcppError(errors.FORMATION, "." + name + ": missing")
    if known < len(value) and not extra:
        raise errors.OcppError(errors.FORMATION, ".%s: unknown" % _unknown_name(fields, value))


def _unknown_name(fields, value):
    """One of the names that are not described, cut to a readable length."""
    for name in value:
        for field in fields:
            if field[0] == name:
                break
        else:
            # MicroPython's JSON parser lets keys pass that are no strings.
            return str(name)[:50]
    raise AssertionError("a field is described twice")


def _check_value(kind, detail, value, extra):
    if kind == "string" or kind == "cistring":
        _check_string(value, detail)
    elif kind == "enum":
        _check_string(value, None)
        if value not in detail:
            _fail(errors.PROPERTY, "unknown value")
    elif kind == "integer":
        _check_integer(value, detail)
    elif kind == "object":
        _check_object(detail, value, extra)
    elif kind == "array":
        _check_array(detail, value, extra)
    elif kind == "time":
        _check_time(value, detail)
    elif kind == "decimal":
        _check_decimal(value, detail)
    elif kind == "boolean":
        if not isinstance(value, bool):
            _fail(errors.TYPE, "boolean expected")
    else:
        raise AssertionError(kind)


def _check_string(value, length_max):
    if not isinstance(value, str):
        _fail(errors.TYPE, "string expected")
    if length_max is not None and len(value) > length_max:
        _fail(errors.PROPERTY, "longer than %d characters" % length_max)


def _check_integer(value, limits):
    # On CPython a bool is an int; in JSON it is not.
    if not isinstance(value, int) or isinstance(value, bool):
        _fail(errors.TYPE, "integer expected")
    if not _INT_MIN <= value <= _INT_MAX:
        _fail(errors.PROPERTY, "beyond 32 bits")
    _check_limits(value, limits)


def _check_decimal(value, limits):
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        _fail(errors.TYPE, "number expected")
    # 1e400 is read as infinity; neither that nor NaN can become an integer of ours.
    if value - value != 0:
        _fail(errors.PROPERTY, "not finite")
    _check_limits(value, limits)


def _check_limits(value, limits):
    if limits is None:
        return
    if limits[0] is not None and value < limits[0]:
        _fail(errors.PROPERTY, "less than %d" % limits[0])
    if limits[1] is not None and value > limits[1]:
        _fail(errors.PROPERTY, "greater than %d" % limits[1])


def _check_time(value, years):
    _check_string(value, None)
    try:
        rfc3339.parse(value)
        return
    except rfc3339.TooEarly:
        if years is not None:
            return
    except ValueError:
        pass
    _fail(errors.PROPERTY, "date-time expected")


def _check_array(detail, value, extra):
    items_min, items_max, kind, item_detail = detail
    if not isinstance(value, list):
        _fail(errors.TYPE, "array expected")
    if len(value) < items_min:
        _fail(errors.OCCURRENCE, "less than %d items" % items_min)
    if items_max is not None and len(value) > items_max:
        _fail(errors.OCCURRENCE, "more than %d items" % items_max)
    for index in range(len(value)):
        try:
            _check_value(kind, item_detail, value[index], extra)
        except errors.OcppError as error:
            error.description = "[%d]%s" % (index, error.description)
            raise


def _fail(code, text):
    raise errors.OcppError(code, ": " + text)
