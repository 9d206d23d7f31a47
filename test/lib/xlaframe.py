"""A call as XLA makes one on a GPU, for handlers of its typed FFI: the structures of
xla/ffi/api/c_api.h, and an API of which handlers for GPUs use four functions.
"""

import ctypes

import numpy as np

_TYPES = {np.dtype("i4"): 4, np.dtype("i8"): 5, np.dtype("f4"): 11, np.dtype("f8"): 12}
_EXECUTE, _ARRAY = 3, 1
_void = ctypes.c_void_p
_HEAD = [("struct_size", ctypes.c_size_t), ("extensions", _void)]


def _structure(*fields, head=_HEAD):
    return type("Structure", (ctypes.Structure,), {"_fields_": [*head, *fields]})


_Version = _structure(("major", ctypes.c_int), ("minor", ctypes.c_int))
_Buffer = _structure(("dtype", ctypes.c_int), ("data", _void), ("rank", ctypes.c_int64), ("dims", _void))
_Buffers = _structure(("size", ctypes.c_int64), ("types", _void), ("buffers", _void))
_Span = _structure(("text", ctypes.c_char_p), ("length", ctypes.c_size_t), head=[])
_Array = _structure(("dtype", ctypes.c_int), ("size", ctypes.c_size_t), ("data", _void), head=[])
_Attributes = _structure(("size", ctypes.c_int64), ("types", _void), ("names", _void), ("values", _void))
_Error = _structure(("message", ctypes.c_char_p), ("code", ctypes.c_int))
_Out = _structure(("context", _void), ("value", ctypes.c_int64))
_Allocate = _structure(("context", _void), ("size", ctypes.c_size_t), ("alignment", ctypes.c_size_t), ("data", _void))
_Free = _structure(("context", _void), ("size", ctypes.c_size_t), ("data", _void))
_Api = _structure(("version", _Version), ("internal", _void), ("functions", _void * 18))
_Frame = _structure(("api", ctypes.POINTER(_Api)), ("context", _void), ("stage", ctypes.c_int), ("arguments", _Buffers),
                    ("results", _Buffers), ("attributes", _Attributes))  # fmt: skip
# Their places in the API.
_CREATE_ERROR, _GET_STREAM, _ALLOCATE, _FREE, _GET_ORDINAL = 0, 4, 9, 10, 17


def _array_of(structures):
    return (_void * max(1, len(structures)))(*map(ctypes.addressof, structures))


class Gpu:
    """What XLA has of one.

    Attributes:
        log: of its memory: ("allocate" or "free", bytes).
        memory: what was allocated last.
        message: of the last error, or None.
    """

    def __init__(self, ordinal, stream):
        self.ordinal, self.stream = ordinal, stream
        self.log, self.memory, self.message = [], None, None
        functions = {_CREATE_ERROR: (_Error, self._fail), _GET_STREAM: (_Out, self._get_stream),
                     _GET_ORDINAL: (_Out, self._get_ordinal), _ALLOCATE: (_Allocate, self._allocate),
                     _FREE: (_Free, self._free)}  # fmt: skip
        self._keep = {place: ctypes.CFUNCTYPE(_void, ctypes.POINTER(kind))(function)
                      for place, (kind, function) in functions.items()}  # fmt: skip
        self.api = _Api(ctypes.sizeof(_Api))
        for place, function in self._keep.items():
            self.api.functions[place] = ctypes.cast(function, _void)

    def _fail(self, arguments):
        self.message = arguments[0].message.decode()
        return 1

    def _get_stream(self, arguments):
        arguments[0].value = self.stream

    def _get_ordinal(self, arguments):
        arguments[0].value = self.ordinal

    def _allocate(self, arguments):
        self.memory = np.empty(arguments[0].size, np.uint8)
        self.log.append(("allocate", arguments[0].size))
        arguments[0].data = self.memory.ctypes.data

    def _free(self, arguments):
        assert arguments[0].data == self.memory.ctypes.data
        self.log.append(("free", arguments[0].size))

    def call(self, handler, arguments, results, attributes):
        """Calls with dense arrays of NumPy, and attributes {name: ints}. The message of
        an error, or None."""
        keep = []

        def to_buffers(arrays):
            dims = [(ctypes.c_int64 * max(1, each.ndim))(*each.shape) for each in arrays]
            buffers = [_Buffer(ctypes.sizeof(_Buffer), None, _TYPES[each.dtype], each.ctypes.data, each.ndim,
                               ctypes.addressof(extents)) for each, extents in zip(arrays, dims)]  # fmt: skip
            pointers = _array_of(buffers)
            keep.extend((dims, buffers, pointers))
            return _Buffers(ctypes.sizeof(_Buffers), None, len(arrays), None, ctypes.addressof(pointers))

        values = [np.array(each, np.int64) for each in attributes.values()]
        names = [_Span(name.encode(), len(name)) for name in attributes]
        arrays = [_Array(_TYPES[each.dtype], each.size, each.ctypes.data) for each in values]
        types = (ctypes.c_int * len(values))(*[_ARRAY] * len(values))
        lists = _array_of(names), _array_of(arrays)
        named = _Attributes(ctypes.sizeof(_Attributes), None, len(values), ctypes.addressof(types),
                            *map(ctypes.addressof, lists))  # fmt: skip
        frame = _Frame(ctypes.sizeof(_Frame), None, ctypes.pointer(self.api), None, _EXECUTE, to_buffers(arguments),
                       to_buffers(results), named)  # fmt: skip
        handler.restype, handler.argtypes = _void, [_void]
        self.message = None
        handler(ctypes.addressof(frame))
        return self.message
