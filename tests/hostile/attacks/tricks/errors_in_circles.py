"""Raises errors that are their own cause, hold thousands of others, and have notes, names and places made up."""


class Named(Exception):
    def __str__(self):
        raise Named

    __repr__ = __str__
    __module__ = property(lambda self: 1 / 0)


def center_forward(x):
    one, other = Named(), Named()
    one.__cause__, other.__cause__ = other, one
    one.__context__ = one
    one.__notes__ = ["\x1b[2J\u202e<script>"] * 100_000
    raise one


def center_backward(dout):
    group = ExceptionGroup("inside", [ValueError("\ud800")])
    for _ in range(5000):
        group = ExceptionGroup("inside", [group])
    code = compile("raise group", "/etc/passwd", "exec").replace(
        co_name="<b>center", co_firstlineno=2**31 - 1
    )
    exec(code, {"group": group})
