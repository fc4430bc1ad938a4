"""Shows pictures that unpack to gigabytes, name other hosts, or are no pictures."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import base64, struct, zlib

from IPython.display import display


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height):
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(10**5)))
        + chunk(b"IEND", b"")
    )


for width, height in ((60000, 60000), (2**31 - 1, 1), (0, 0), (10, 10)):
    display({"image/png": base64.b64encode(png(width, height)).decode()}, raw=True)
display({"image/png": "AAAA", "image/gif": "R0lGODlh", "image/jpeg": "/9j/"}, raw=True)
display(
    {"image/svg+xml": "<svg onload='alert(1)'><image href='http://192.0.2.1/live-8.png'/></svg>"}, raw=True
)
display(
    {
        "text/html": "<img src=http://192.0.2.1/live-8.png onerror=alert(1)>",
        "image/png": "javascript:alert(8)",
    },
    raw=True,
)
