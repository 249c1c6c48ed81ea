"""`vega`: the script that draws charts in pages."""

import functools
import hashlib
from contextlib import suppress
from importlib.metadata import version

import platformdirs
import vl_convert

from justfit.errors import StoreError
from justfit.store.files import make_folders, write_bytes


@functools.cache
def vega() -> str:
    """Vega, Vega-Lite and vega-embed in one script, as vl-convert has them.

    To put it together takes vl-convert a second or two, so it is kept in the user's cache, under a name with
    its SHA-256: what is cut off or changed there is made anew.
    """
    folder = platformdirs.user_cache_path("justfit")
    begin = f"vega-{version('vl-convert-python')}-"
    with suppress(OSError, UnicodeDecodeError):
        for path in folder.glob(f"{begin}*.js"):
            kept = path.read_bytes()
            if path.name == f"{begin}{hashlib.sha256(kept).hexdigest()}.js":
                return kept.decode()
    bundle: str = vl_convert.javascript_bundle()  # type: ignore[call-arg] # the stub lacks its default
    script = bundle.replace("\r", "")
    content = script.encode()
    with suppress(StoreError, OSError):  # a cache that cannot be written costs only time
        make_folders(folder)
        write_bytes(folder / f"{begin}{hashlib.sha256(content).hexdigest()}.js", content)
    return script
