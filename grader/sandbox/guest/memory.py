"""Where the numbers of a tensor lie, and what they are: whether an input was changed or shared.

The functions are looked up before any submission is there, and read memory directly: what a
submission puts in the place of torch's attributes, and what it lets torch's calls pass through, has
no part in it.
"""

from __future__ import annotations

import ctypes
from typing import Any

import torch
from torch import Tensor

_read = ctypes.string_at
_plain = torch._C.DisableTorchFunction
_storage = torch._C.TensorBase.untyped_storage
_layout = (
    torch._C.TensorBase.size,
    torch._C.TensorBase.stride,
    torch._C.TensorBase.storage_offset,
)
_dtype = torch._C.TensorBase.dtype.__get__  # type: ignore[attr-defined]
_address = torch._C.StorageBase.data_ptr  # type: ignore[attr-defined]
_size = torch._C.StorageBase.nbytes  # type: ignore[attr-defined]


def address(tensor: Tensor) -> int:
    """Return where the memory of a tensor begins, that of what it is a view of."""
    with _plain():
        return int(_address(_storage(tensor)))


def snapshot(tensor: Tensor) -> tuple[Any, ...]:
    """Return what must not change about an input: its dtype, its layout and its bytes."""
    with _plain():
        storage = _storage(tensor)
        held = _read(_address(storage), _size(storage)) if _size(storage) else b""
        return _dtype(tensor), *(told(tensor) for told in _layout), held
