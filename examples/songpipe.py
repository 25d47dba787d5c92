"""songpipe.py - streams of songpipe in Python: read, write, and put them through filters.

    import songpipe
    header, songs = songpipe.read("map.sp")
    print(songs[0]["id"], songs[0]["cluster"], songs[0]["x"][:2])
    header, songs = songpipe.pipe("zscore | kmeans -k 5", songs)
    songpipe.write("clusters.sp", songs, columns=header["columns"])

A song is a dict with a text "id" that no other has. Its values: None, True, False, int, float, str, bytes, lists and dicts
of these; numpy arrays, which are songpipe's tensors; and Sparse. Needs numpy and msgpack; to_frame needs pandas. Copy this
file to where Python finds it, or set PYTHONPATH=songpipe/examples. The format is described in songpipe(5).

SPDX-License-Identifier: GPL-3.0-or-later
"""
import collections
import math
import struct
import subprocess
import sys

import msgpack
import numpy as np

TYPES = "<f4", "<f2", "<f8", "<i4", "<u4"

Sparse = collections.namedtuple("Sparse", "size index value")    # a vector of `size` numbers: those that are not 0


class StreamError(ValueError):
    """What was read is no whole stream."""


class PipeError(RuntimeError):
    """A filter failed: status, and stderr, what it said."""

    def __init__(self, command, status, stderr):
        super().__init__(f"{command}: status {status}\n{stderr}".rstrip())
        self.status, self.stderr = status, stderr


def read(source):
    """(header, records) of a stream: a path, or a file that is open in binary. StreamError if it is cut, damaged, or none."""
    if hasattr(source, "read"):
        return _parse(source.read(), getattr(source, "name", "stream"))
    with open(source, "rb") as file:
        return _parse(file.read(), source)


def write(target, records, columns=None, history=()):
    """Write dicts as a stream to a path, or a file that is open in binary. columns: {"x": [a name for each column]}.

    Integer arrays become i4 (or f8 where they do not fit), booleans u4; ValueError for an id that is none or comes twice.
    """
    header = {"version": 1, "kind": "records", "columns": {k: list(v) for k, v in (columns or {}).items()}}
    if history:
        header["history"] = list(history)
    frames, ids = [_frame(b"H", header)], set()
    for record in records:
        name = record.get("id")
        if not isinstance(name, str) or name in ids:
            raise ValueError(f"id {name!r} " + ("appears twice" if name in ids else "is no text"))
        ids.add(name)
        frames.append(_frame(b"R", {"id": name, **record}))
    body = b"".join(frames)
    body += _frame(b"E", {"records": len(ids), "xxh3": xxh3(body)})
    if hasattr(target, "write"):
        target.write(body)
        return
    with open(target, "wb") as file:
        file.write(body)


def pipe(command, records=None, columns=None):
    """Put records through filters: "zscore | kmeans -k 5". Returns (header, records), or the text that the last one writes.

    Notes of the filters go to stderr. PipeError if one fails; bad records that are skipped (status 1), or no convergence (5),
    are no failure.
    """
    given = None
    if records is not None:
        given = _Bytes()
        write(given, records, columns)
        given = given.bytes
    done = subprocess.run(["sh", "-c", command], input=given, stdin=subprocess.DEVNULL if given is None else None,
                          capture_output=True, check=False)
    said = done.stderr.decode(errors="replace")
    if done.returncode not in (0, 1, 5):
        raise PipeError(command, done.returncode, said)
    sys.stderr.write(said)
    if done.stdout[1:2] != b"\xd7":
        return done.stdout.decode(errors="replace")
    return _parse(done.stdout, command)


def to_frame(records, columns=None):
    """A pandas.DataFrame with a row for each record. Vectors of one width become a column for each number, called FIELD:NAME
    by `columns`, as in a header, or FIELD:0 and so on; other arrays stay what they are."""
    import pandas
    columns, table = columns or {}, {}
    for field in dict.fromkeys(field for record in records for field in record if field != "id"):
        values = [record.get(field) for record in records]
        widths = {v.shape for v in values if isinstance(v, np.ndarray)}
        plain = all(v is None or isinstance(v, np.ndarray) for v in values)
        if len(widths) == 1 and plain and len(min(widths)) == 1:
            width = min(widths)[0]
            rows = np.array([np.full(width, np.nan) if v is None else v for v in values])
            table.update({f"{field}:{name}": rows[:, i] for i, name in enumerate(columns.get(field) or range(width))})
        else:
            single = any(isinstance(v, (int, float, str)) for v in values)
            table[field] = pandas.Series(values, dtype=None if single else object)
    frame = pandas.DataFrame(table)
    frame.index = pandas.Index([record["id"] for record in records], name="id")
    return frame


# ---- values ----

class _Bytes:
    def write(self, body):
        self.bytes = body


def _plain(value):
    """What msgpack cannot pack by itself."""
    if isinstance(value, Sparse):
        return {"sparse": int(value.size), "index": np.asarray(value.index, "<u4"), "value": np.asarray(value.value, "<f4")}
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{type(value).__name__} is no value of a record")
    if value.dtype.kind == "b":
        value = value.astype("<u4")
    elif value.dtype.kind in "iu" and value.dtype.newbyteorder("<").str not in TYPES:
        small = value.size == 0 or (value.min() >= -2**31 and value.max() < 2**31)
        value = value.astype("<i4" if small else "<f8")
    value = np.ascontiguousarray(value, value.dtype.newbyteorder("<")).reshape(value.shape)
    if value.dtype.str not in TYPES or not 0 < value.ndim <= 8:
        raise TypeError(f"an array of {value.dtype} with {value.ndim} dimensions is no tensor")
    return {b"nd": True, b"type": value.dtype.str, b"kind": b"", b"shape": list(value.shape), b"data": value.tobytes()}


def _value(pairs):
    """A map that was read: a tensor, a sparse vector, or a dict."""
    first = pairs[0][0] if pairs else None
    found = dict(pairs)
    if first == b"nd" and found.get(b"type") in TYPES and len(found) == len(pairs):
        kind, shape = np.dtype(found[b"type"]), found[b"shape"]
        if len(found[b"data"]) == kind.itemsize * math.prod(shape):
            return np.frombuffer(found[b"data"], kind).reshape(shape).copy()
    if first == "sparse" and set(found) == {"sparse", "index", "value"}:
        return Sparse(found["sparse"], found["index"], found["value"])
    return found


# ---- frames ----

def _frame(kind, body):
    body = msgpack.packb(body, default=_plain, strict_types=True, unicode_errors="surrogateescape")
    return b"\x93\xd7" + kind + b"SONGPIPE\xce" + struct.pack(">I", len(body)) + body


def _parse(data, name):
    """The records of one stream, or of several that cat has joined; the first header."""
    header, records, at, start = None, [], 0, None
    while at < len(data):
        mark, size = data[at:at + 11], data[at + 12:at + 16]
        if mark[:2] != b"\x93\xd7" or mark[3:] != b"SONGPIPE" or data[at + 11:at + 12] != b"\xce" or len(size) < 4:
            raise StreamError(f"{name}: not a songpipe stream, or damaged at byte {at}")
        end = at + 16 + struct.unpack(">I", size)[0]
        if end > len(data):
            raise StreamError(f"{name}: breaks off after {len(records)} records")
        body = msgpack.unpackb(data[at + 16:end], object_pairs_hook=_value, strict_map_key=False,
                               unicode_errors="surrogateescape")
        kind = mark[2:3]
        if (kind == b"H") != (start is None) or kind not in (b"H", b"R", b"E"):
            raise StreamError(f"{name}: damaged at byte {at}")
        if kind == b"H":
            start, count = at, len(records)
            if body.get("version") != 1:
                raise StreamError(f"{name}: version {body.get('version')} of the format, which this does not read")
            header = header or {"columns": {}, "history": [], **body}
        elif kind == b"R":
            records.append(body)
        else:
            if body["records"] != len(records) - count or body["xxh3"] != xxh3(data[start:at]):
                raise StreamError(f"{name}: damaged: its count or checksum is wrong")
            start = None
        at = end
    if header is None or start is not None:
        raise StreamError(f"{name}: " + ("empty" if header is None else f"breaks off after {len(records)} records"))
    return header, records


# ---- the checksum: XXH3 of 64 bits, seed 0 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md), of 17 bytes and more ----

_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
_P32 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
_P64 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
_ALL = (1 << 64) - 1


def _fold(a, b):
    return a * b >> 64 ^ a * b & _ALL


def _avalanche(h):
    h = ((h ^ h >> 37) * 0x165667919E3779F9) & _ALL
    return h ^ h >> 32


def _key(at, n=8):
    return np.frombuffer(_SECRET, "<u8", n, at)


def xxh3(data):
    """XXH3 of bytes, of which there are 17 or more."""
    n = len(data)
    h = n * _P64[0] & _ALL

    def mix(at, key):
        a, b = struct.unpack_from("<QQ", data, at)
        c, d = struct.unpack_from("<QQ", _SECRET, key)
        return _fold(a ^ c, b ^ d)

    if n <= 128:
        for i in range((n - 1) // 32 + 1):
            h += mix(16 * i, 32 * i) + mix(n - 16 - 16 * i, 32 * i + 16)
        return _avalanche(h & _ALL)
    if n <= 240:
        h = _avalanche(h + sum(mix(16 * i, 16 * i) for i in range(8)) & _ALL)
        h += sum(mix(16 * i, 16 * i - 125) for i in range(8, n // 16)) + mix(n - 16, 119)
        return _avalanche(h & _ALL)
    sums = np.array([_P32[2], *_P64[:4], _P32[1], _P64[4], _P32[0]], "<u8")
    blocks, swapped = (n - 1) // 1024, [1, 0, 3, 2, 5, 4, 7, 6]

    def stripes(at, count, keys):       # what `count` stripes of 64 bytes add to the sums, and so for each block
        rows = np.frombuffer(data, "<u8", at[1] * count * 8, at[0]).reshape(at[1], count, 8)
        mixed = rows ^ keys
        return (rows[:, :, swapped] + (mixed & 0xFFFFFFFF) * (mixed >> np.uint64(32))).sum(axis=1, dtype="<u8")

    keys = np.stack([_key(8 * i) for i in range(16)])
    for first in range(0, blocks, 4096):
        for added in stripes((1024 * first, min(4096, blocks - first)), 16, keys):
            sums = sums + added
            sums = (sums ^ sums >> np.uint64(47) ^ _key(128)) * np.uint64(_P32[0])
    left = (n - 1 - 1024 * blocks) // 64
    sums = sums + stripes((1024 * blocks, 1), left, keys[:left])[0] + stripes((n - 64, 1), 1, _key(121)[None])[0]
    a, key = [int(v) for v in sums], [int(v) for v in _key(11)]
    return _avalanche(h + sum(_fold(a[i] ^ key[i], a[i + 1] ^ key[i + 1]) for i in range(0, 8, 2)) & _ALL)
