#!/usr/bin/env python3
"""make.py: small HDF5 files, and what is in them, in this folder (h5py 3.16.0, numpy 2.4.6).

many.h5     three songs in the layout of the Million Song Dataset, invented: the second has no segments, no tags, no year, a title in
            Latin-1; of each of the layout's tables only the columns that are read, and one that is not
summary.h5  the same songs without arrays
rows.h5     data sets of all kinds of numbers and texts, three rows each
odd.h5      the layout with texts where tempos are
links.h5    data sets that lie in other files, or claim more than there is
*.jsonl     the records: a number as Python writes it, float32 in as few digits as give it back
SPDX-License-Identifier: GPL-3.0-or-later"""
import json
import os
import h5py
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
draw = np.random.default_rng(17)
segments, tags = [4, 0, 3], [[b"soul", "café".encode()], [], [b"jazz"]]
timbre, pitches, starts = draw.normal(size=(7, 12)) * 30, draw.random((7, 12)), np.sort(draw.random(7)) * 9
table = {
    "analysis": [("track_id", "S32", [b"TRAAA", b"TRAAB", b"TRAAC"]), ("tempo", "f8", [113.359, 90.5, np.nan]), ("key", "i4", [1, 0, 11]),
                 ("mode", "i4", [1, 0, 1]), ("loudness", "f8", [-7.75, -20.25, -3.5]), ("duration", "f8", [211.69587, 10.0, 30.25])],
    "metadata": [("title", "S64", ["Señal".encode(), b"Caf\xe9", b"x"]), ("artist_name", "S64", [b'The "A", B', b"C", b""]),
                 ("release", "S64", [b"One", b"", b"Two"]), ("artist_hotttnesss", "f8", [.5, .25, .125])],
    "musicbrainz": [("year", "i4", [1987, 0, 2001])],
}


def songs(path, full, odd=False):
    at = np.concatenate([[0], np.cumsum(segments)[:-1]]) if full else [0, 0, 0]
    words = np.concatenate([[0], np.cumsum([len(t) for t in tags])[:-1]]) if full else [0, 0, 0]
    with h5py.File(path, "w", libver=("earliest", "v110")) as f:
        for group, columns in table.items():
            columns = [(n, "S8" if odd and n == "tempo" else t, [b"fast"] * 3 if odd and n == "tempo" else v) for n, t, v in columns]
            if group == "analysis":
                columns += [("idx_segments_" + k, "i4", at) for k in ("timbre", "pitches", "start")]
            if group == "metadata":
                columns += [("idx_artist_terms", "i4", words)]
            rows = np.zeros(3, [(n, t) for n, t, _ in columns])
            for n, _, v in columns:
                rows[n] = v
            f.create_dataset(group + "/songs", data=rows)
        n = 7 if full else 0
        f["analysis/segments_timbre"] = timbre[:n]
        f["analysis/segments_pitches"] = pitches[:n]
        f["analysis/segments_start"] = starts[:n]
        f["metadata/artist_terms"] = np.array(sum(tags, []) if full else [], "S16")


def few(a):
    return [few(v) for v in a] if a.ndim > 1 else [float(str(v)) for v in a.astype("f4")]


def line(f, record):
    f.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


songs("many.h5", True)
songs("summary.h5", False)
songs("odd.h5", True, odd=True)
for name in ("many", "summary"):
    with open(name + ".jsonl", "w") as f:
        for i in range(3):
            of = {n: v[i] for c in table.values() for n, _, v in c}
            text = {n: of[n].decode(errors="replace") or None for n in ("title", "artist_name", "release")}
            a, n = sum(segments[:i]), segments[i] if name == "many" else 0
            line(f, {"id": of["track_id"].decode(), "title": text["title"], "artist": text["artist_name"], "album": text["release"],
                     "year": of["year"] or None, "tempo": None if np.isnan(of["tempo"]) else of["tempo"], "key": of["key"],
                     "mode": of["mode"], "loudness": of["loudness"], "duration": of["duration"],
                     "tags": [t.decode() for t in tags[i]] if n else None, "timbre": few(timbre[a:a + n]) if n else None,
                     "pitches": few(pitches[a:a + n]) if n else None, "segments_start": few(starts[a:a + n]) if n else None})
sets = {"i1": np.array([-1, 0, 127], "i1"), "u2": np.array([0, 7, 65535], ">u2"), "i8": np.array([-2**62, 0, 2**53 + 1], "<i8"),
        "f4": np.array([.1, -2, 3], ">f4"), "f8": np.array([.1, 1e300, -0.5], "f8"), "vector": draw.normal(size=(3, 4)).astype("f8"),
        "whole": np.arange(6, dtype="i2").reshape(3, 2), "matrix": draw.normal(size=(3, 2, 2)).astype("f4"), "fixed": np.array([b"a", b"bc", b""], "S4")}
with h5py.File("rows.h5", "w", libver=("earliest", "v110")) as f:
    for name, a in sets.items():
        f["group/" + name] = a
    f["group/chunked"] = f.create_dataset("z", data=np.arange(3000, dtype="f4").reshape(3, 1000), chunks=(1, 100), compression="gzip", shuffle=True)
    f["names"] = ["x,y", "ümlaut", 'q"']
    f["table"] = np.array([(1.5, 1), (2.5, 2), (3.5, 3)], [("weight", "f4"), ("count", "i4")])
    f["four"] = np.zeros(4)
    f["scalar"] = 1.0
    f["complex"] = np.zeros(3, "c8")
with open("rows.jsonl", "w") as f:
    for i in range(3):
        line(f, {"id": ["x,y", "ümlaut", 'q"'][i], **{n: a[i].decode() if a.dtype.kind == "S" else few(a[i]) if a.ndim > 1 else a[i].item()
                                                         for n, a in sets.items()}, "weight": 1.5 + i, "count": 1 + i})
with h5py.File("links.h5", "w", libver=("earliest", "v110")) as f:
    f["out"] = h5py.ExternalLink("rows.h5", "/names")
    f["soft"] = h5py.SoftLink("/here")
    f["here"] = np.arange(3)
    f.create_dataset("raw", (3,), "u1", external=[("rows.h5", 0, 3)])
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource("rows.h5", "group/f8", (3,))
    f.create_virtual_dataset("virtual", layout)
    f.create_dataset("huge", (10**12,), "f8", chunks=(1000,))
