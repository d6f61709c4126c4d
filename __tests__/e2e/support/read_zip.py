"""Reads zip archives with Python's zipfile: prints for each the names and the SHA-256 of all contents, or that it cannot."""

import hashlib
import sys
import warnings
import zipfile

warnings.simplefilter("ignore")


def reading(path):
    try:
        with zipfile.ZipFile(path) as archive:
            digest = hashlib.sha256()
            for entry in archive.infolist():
                digest.update(archive.read(entry))
            return f"{','.join(archive.namelist())} {digest.hexdigest()}"
    except Exception:
        return "unreadable"


for path in sys.argv[1:]:
    print(reading(path).encode("ascii", "replace").decode().replace("\n", "?"))
