"""What a call hands to the library: each keyword is a member of a struct of the headers."""

from __future__ import annotations

import inspect
from unittest import mock

from ntkit._library import Context
from ntkit._native import ffi


class _Seen(Exception):
    pass


def handed(struct, call):
    """The first struct of that name that call() hands to the library, as a dictionary."""
    pointer = ffi.typeof(struct + " *")
    found = {}

    def look(self, function, *args, **kwargs):
        for arg in args:
            if isinstance(arg, ffi.CData) and ffi.typeof(arg) is pointer:
                for member, _ in pointer.item.fields:
                    value = getattr(arg, member)
                    of_text = ffi.typeof(value) if isinstance(value, ffi.CData) else None
                    if of_text is ffi.typeof("char *"):
                        value = None if value == ffi.NULL else ffi.string(value).decode()
                    found[member] = value
                raise _Seen
        return Context_call(self, function, *args, **kwargs)

    Context_call = Context.call
    with mock.patch.object(Context, "call", look):
        try:
            call()
        except _Seen:
            return found
    raise AssertionError(f"no {struct} was handed over")


def check(function, arguments, struct, values, elsewhere, renamed=None):
    """Each member of struct is a keyword of function, and arrives; elsewhere: members that are not.

    values: what is given by each keyword; renamed: the member of a keyword of another name.
    """
    members = {member for member, _ in ffi.typeof(struct).fields}
    place = {keyword: (renamed or {}).get(keyword, keyword) for keyword in values}
    assert members - set(elsewhere) == set(place.values())
    assert set(values) <= set(inspect.signature(function).parameters)
    plain = handed(struct, lambda: function(*arguments))
    for keyword, value in values.items():
        found = handed(struct, lambda k=keyword, v=value: function(*arguments, **{k: v}))
        assert found[place[keyword]] == value, keyword
        changed = {m for m in members - set(elsewhere) if found[m] != plain[m]}
        assert changed == {place[keyword]}
