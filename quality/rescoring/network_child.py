"""The process that runs a client's network: shut in, fed through a pipe, only torch and numpy.

Started as a script by `network`. Frames both ways: the length of a JSON header (4 bytes, little
endian), the header, the bytes it announces. Nothing that comes from here is ever unpickled.
"""

import json
import os
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO

sys.path.insert(0, str(Path(__file__).parent))
import confinement  # type: ignore[import-not-found]


def main() -> None:
    """Answer frames until the pipe ends."""
    inward = sys.stdin.buffer
    # Whatever a network prints must not get between the frames.
    outward = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    settings, _ = read(inward)
    held = confinement.shut_in([*settings["readable"], settings["file"]], settings["scratch"])
    if not {"namespace", "seccomp"} & set(held):
        write(outward, {"error": "this machine cannot cut a process off the network"})
        return
    try:
        network = Network(settings)
    except Exception as error:  # torch raises whatever its loaders raise
        write(outward, {"error": f"cannot be loaded: {_line(error)}"})
        return
    write(outward, {"held": held, "device": network.device_name})
    while True:
        header, data = read(inward)
        if not header:
            return
        confinement.grant_seconds(settings["seconds"] * (os.cpu_count() or 1))
        try:
            write(outward, *network.answer(header["shape"], data))
        except Exception as error:
            write(outward, {"error": f"failed: {_line(error)}"})


def read(source: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """The next frame; an empty header at the end."""
    size = source.read(4)
    if len(size) < 4:
        return {}, b""
    header = json.loads(source.read(struct.unpack("<I", size)[0]))
    return header, source.read(header.get("bytes", 0))


def write(target: BinaryIO, header: dict[str, Any], *data: bytes) -> None:
    """Send one frame."""
    text = json.dumps({**header, "bytes": sum(map(len, data))}).encode()
    target.write(struct.pack("<I", len(text)) + text)
    for part in data:
        target.write(part)
    target.flush()


def _line(error: Exception) -> str:
    words = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {words[0][:300]}"


class Network:
    """A loaded torch.export program on its device."""

    def __init__(self, settings: dict[str, Any]):
        import torch

        self.torch = torch
        cuda = torch.cuda.is_available()
        confinement.limit(None if cuda else settings["memory_mb"] * 2**20)
        torch.set_num_threads(settings["threads"])
        self.place = torch.device("cuda" if cuda else "cpu")
        self.device_name = torch.cuda.get_device_name(0) if cuda else "cpu"
        program = torch.export.load(settings["file"])
        if cuda:
            from torch.export.passes import move_to_device_pass

            program = move_to_device_pass(program, self.place)
        self.module = program.module()
        self.settings = settings
        shape = (1, settings["channels"], 1, 1)
        self.mean = torch.tensor(settings["mean"], device=self.place).reshape(shape)
        self.spread = torch.tensor(settings["spread"], device=self.place).reshape(shape)

    def answer(self, shape: list[int], data: bytes) -> tuple[Any, ...]:
        """Outputs for uint8 pictures (n, height, width, channels), as a frame."""
        torch = self.torch
        pictures = torch.frombuffer(bytearray(data), dtype=torch.uint8).reshape(shape)
        cuda = self.place.type == "cuda"
        if cuda:  # from pinned memory the copy runs while the network still computes
            pictures = pictures.pin_memory()
        fed = pictures.to(self.place, non_blocking=True).permute(0, 3, 1, 2).float() / 255
        fed = (fed - self.mean) / self.spread
        mixed = cuda and self.settings["mixed_precision"]
        with torch.inference_mode(), torch.autocast(self.place.type, torch.bfloat16, enabled=mixed):
            said = self.module(fed.contiguous())
        tensors = said if isinstance(said, tuple | list) else [said]
        arrays = [self._plain(one) for one in tensors]
        shapes = [list(one.shape) for one in arrays]
        return {"shapes": shapes}, *(one.tobytes() for one in arrays)

    def _plain(self, one: Any) -> Any:
        if not isinstance(one, self.torch.Tensor):
            raise TypeError(f"expected tensors, it answers with {type(one).__name__}")
        return one.detach().to("cpu", self.torch.float32).contiguous().numpy()


if __name__ == "__main__":
    main()
