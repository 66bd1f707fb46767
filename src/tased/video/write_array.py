"""Maps as one array: a NumPy archive or a Zarr store."""

import importlib.util
import shutil
import tempfile
import zipfile
from array import array
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from jaxtyping import Float, Float64, Int8, Int64

from tased.atomic import AtomicWriter, check_suffix, remove
from tased.errors import OutputError, UsageError
from tased.video.levels import check_same_size

Array = Float[np.ndarray, "H W"] | Int8[np.ndarray, "H W"]

_GROWTH = 1024  # maps by which a Zarr array grows; each growth rewrites its metadata


class ArrayFile(AtomicWriter):
    """`maps` (N, H, W), `seconds` (N,) float64 and `index` (N,) int64, in .npz or .zarr.

    Use `numpy.load(path)["maps"]` or `zarr.open(path)["maps"]`. Memory does not grow with N but for 16
    bytes a frame; a .npz needs twice its size on the disk while it is finished. A .zarr has one chunk a
    map.

    Raises
    ------
    UsageError
        For another suffix, or .zarr without the zarr package.
    OutputError
        When it cannot be written, for a map of another size, or a folder in place that is no Zarr store.

    """

    def __init__(self, path: str | Path, *, dtype: Literal["float16", "float32", "int8"] = "float32") -> None:
        suffix = check_suffix(path, (".npz", ".zarr"), "an array")
        self._is_store = suffix == ".zarr"
        if self._is_store and importlib.util.find_spec("zarr") is None:
            raise UsageError(f'{path}: writing .zarr needs one more package: pip install "tased[zarr]"')
        super().__init__(path, folder=self._is_store)
        if self._is_store and self._target.is_dir() and not (self._target / "zarr.json").exists():
            raise OutputError(
                f"{path}: is a folder but no Zarr store, so it is not replaced; choose another name"
            )
        self.dtype = np.dtype(dtype)
        self._maps: _Maps  # from `_begin`
        self._shape: tuple[int, ...] = ()
        self._seconds = array("d")
        self._index = array("q")

    def write(self, values: Array, index: int, seconds: float) -> None:
        """Append a map, the number of its frame from 0, and its time."""
        self._shape = self._shape or values.shape
        check_same_size(self.path, values.shape, self._shape)
        with self._failing_clearly():
            self._maps.append(np.ascontiguousarray(values, self.dtype))
        self._seconds.append(seconds)
        self._index.append(index)

    def _begin(self, partial: Path) -> None:
        self._maps = _Zarr(partial) if self._is_store else _Npz(partial)
        self._open.callback(self._maps.close)

    def _finish(self, partial: Path) -> None:  # noqa: ARG002  `_maps` has the path
        if not self._shape:
            raise OutputError(f"{self.path}: no map was written, and an array needs one for its size")
        self._maps.finish(np.frombuffer(self._seconds, np.float64), np.frombuffer(self._index, np.int64))

    def _publish(self, partial: Path, target: Path) -> None:
        if not self._is_store or not target.exists():
            super()._publish(partial, target)
            return
        old = partial.with_suffix(".old")
        target.rename(old)
        try:
            partial.rename(target)
        except BaseException:
            old.rename(target)
            raise
        remove(old)


class _Maps(Protocol):
    """Where maps of one shape and type go, one after another."""

    def append(self, values: Array) -> None: ...

    def finish(self, seconds: Float64[np.ndarray, " N"], index: Int64[np.ndarray, " N"]) -> None: ...

    def close(self) -> None: ...


class _Npz:
    """Raw maps in an unnamed file, since the header of a .npy begins with how many there are."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._raw = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115  closed by `close`
        self._count = 0
        self._header: dict[str, Any]  # of one map

    def append(self, values: Array) -> None:
        self._raw.write(values.data)
        self._count += 1
        self._header = np.lib.format.header_data_from_array_1_0(values)

    def finish(self, seconds: Float64[np.ndarray, " N"], index: Int64[np.ndarray, " N"]) -> None:
        self._raw.seek(0)
        with zipfile.ZipFile(self._path, "w") as archive:
            with archive.open("maps.npy", "w", force_zip64=True) as member:
                header = self._header | {"shape": (self._count, *self._header["shape"])}
                np.lib.format.write_array_header_1_0(member, header)
                shutil.copyfileobj(self._raw, member, 1 << 20)
            for name, values in (("seconds", seconds), ("index", index)):
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, values)

    def close(self) -> None:
        self._raw.close()


class _Zarr:
    """A group of three arrays."""

    def __init__(self, path: Path) -> None:
        import zarr

        self._group = zarr.create_group(path)
        self._count = 0
        self._maps: Any  # from the first map; the type's name differs between releases of zarr

    def append(self, values: Array) -> None:
        if self._count == 0:
            self._maps = self._group.create_array(
                "maps", shape=(_GROWTH, *values.shape), chunks=(1, *values.shape), dtype=values.dtype
            )
        elif self._count == self._maps.shape[0]:
            self._maps.resize((self._count + _GROWTH, *values.shape))
        self._maps[self._count] = values
        self._count += 1

    def finish(self, seconds: Float64[np.ndarray, " N"], index: Int64[np.ndarray, " N"]) -> None:
        self._maps.resize((self._count, *self._maps.shape[1:]))
        for name, values in (("seconds", seconds), ("index", index)):
            self._group.create_array(name, data=values, chunks=values.shape)

    def close(self) -> None:
        """A store keeps no file open."""
